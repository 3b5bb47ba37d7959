"""A real Secret Service: gnome-keyring on a session bus of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import programs
from support.processes import DidNotStart, serving

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={directory}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass(frozen=True)
class SecretService:
    """A running keyring; processes with `environ` merged into theirs use it."""

    environ: Mapping[str, str]


@contextmanager
def secret_service(
    directory: Path, environ: Mapping[str, str], *, locked: bool = False
) -> Iterator[SecretService]:
    """Run dbus-daemon and gnome-keyring-daemon with their files in `directory`.

    `locked` leaves the login keyring closed, as after an automatic login: nobody can open it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    bus, keyring = (programs.require_tool(name) for name in ("dbus-daemon", "gnome-keyring-daemon"))
    configuration = directory / "bus.conf"
    configuration.write_text(_BUS.format(directory=directory))
    with ExitStack() as stack:
        started = stack.enter_context(
            serving(
                [bus.path, f"--config-file={configuration}", "--nofork", "--print-address"],
                ready=r"(unix:path=\S+)\n",
                directory=directory / "bus",
                environ=bus.environ,
            )
        )
        address = {"DBUS_SESSION_BUS_ADDRESS": started.ready[1]}
        control = directory / "control"
        stack.enter_context(
            serving(
                [
                    keyring.path,
                    "--unlock",
                    "--foreground",
                    "--components=secrets",
                    f"--control-directory={control}",
                ],
                ready="GNOME_KEYRING_CONTROL=",
                directory=directory / "keyring",
                environ={**environ, **address, **keyring.environ},
                stdin=b"password of the login keyring",
            )
        )
        import secretstorage
        from jeepney.io.blocking import open_dbus_connection

        with closing(open_dbus_connection(bus=started.ready[1])) as connection:
            _wait_until(lambda: secretstorage.check_service_availability(connection))
            if locked:
                secretstorage.get_default_collection(connection).lock()
        yield SecretService(address)


def _wait_until(available: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not available():
        if time.monotonic() > deadline:
            raise DidNotStart("gnome-keyring-daemon does not take its name on the bus")
        time.sleep(0.01)
