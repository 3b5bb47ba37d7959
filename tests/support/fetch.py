"""Brings Debian packages into `.tools/` with apt's ordinary client, as any user, without root.

`python tests/support/fetch.py` does it ahead; the tests do it when they first need a program.
Only what the machine lacks is fetched; with HUBCLI_TEST_IGNORE_SYSTEM_TOOLS=1 the packages
named here come even if they are installed (what they depend on does not).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PACKAGES = (
    "docker-registry",
    "skopeo",
    "gnome-keyring",
    "dbus-daemon",
    "bash",
    "zsh-static",
    "zsh-common",
    "fish",
    "qemu-user",
    "podman",
    "umoci",
)
_ALIASES = {"zsh": "zsh-static"}
_TOOLS = Path(__file__).parents[2] / ".tools"
_SYSTEM_STATUS = Path("/var/lib/dpkg/status")
_BIN = ("usr/bin", "bin", "usr/sbin", "sbin")


class CannotFetch(Exception):
    """The packages cannot be had on this machine; the text says why."""


@cache
def ensure() -> Path:
    """The directory the packages are unpacked in, filled if it was not; raises CannotFetch.

    A package that cannot be had is left out. Processes that ask at once wait for the first.
    """
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise CannotFetch(f"it is not installed, and without {program} it cannot be fetched")
    key = hashlib.sha256(repr((PACKAGES, _ignoring_system())).encode()).hexdigest()[:8]
    target = _TOOLS / f"debian-{key}"
    with _locked(_TOOLS / "lock"):
        if not target.is_dir():
            partial = _TOOLS / f"partial-{key}"
            shutil.rmtree(partial, ignore_errors=True)
            _fill(partial / "root", partial / "apt")
            (partial / "root").rename(target)
            shutil.rmtree(partial)
    return target


def executable(root: Path, name: str) -> Path | None:
    """The program of that name under an unpacked root."""
    for directory in _BIN:
        found = root / directory / _ALIASES.get(name, name)
        if found.is_file():
            return found
    return None


def environ(root: Path) -> dict[str, str]:
    """Variables that make programs find their own files under `root`."""
    libraries = sorted([*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")])
    functions = sorted({path.parent for path in (root / "usr/share/zsh/functions").glob("**/*")})
    variables = {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "XDG_DATA_DIRS": f"{root}/usr/share:/usr/local/share:/usr/share",
        "FPATH": ":".join(map(str, functions)),
    }
    return {name: value for name, value in variables.items() if value}


def _ignoring_system() -> bool:
    return bool(os.environ.get("HUBCLI_TEST_IGNORE_SYSTEM_TOOLS"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill(root: Path, apt: Path) -> None:
    root.mkdir(parents=True)
    for directory in ("state/lists/partial", "cache/archives/partial"):
        (apt / directory).mkdir(parents=True)
    status = apt / "status"
    status.write_bytes(_SYSTEM_STATUS.read_bytes() if _SYSTEM_STATUS.exists() else b"")
    settings = {
        "Dir::State": apt / "state",
        "Dir::State::status": status,
        "Dir::Cache": apt / "cache",
        "Dir::Log": apt,
        "Debug::NoLocking": 1,
        "APT::Sandbox::User": "root",
        "APT::Get::AllowUnauthenticated": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    _run("apt-get", *options, "update")
    failures = [failure for package in PACKAGES if (failure := _download(package, options))]
    archives = sorted((apt / "cache/archives").glob("*.deb"))
    if not archives and failures:
        raise CannotFetch("; ".join(failures))
    for archive in archives:
        unpacked = _run("dpkg-deb", "-x", str(archive), str(root))
        if unpacked.returncode != 0:
            raise CannotFetch(unpacked.stderr.strip())
    _arrange(root)


def _download(package: str, options: list[str]) -> str | None:
    """Fetch a package and what it needs; why not, if it does not work."""
    flags = ["--download-only", "--yes", "--no-install-recommends"]
    if _ignoring_system():
        flags.append("--reinstall")
    done = _run("apt-get", *options, "install", *flags, package)
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
    return f"{package}: {errors[0] if errors else f'apt-get ended with {done.returncode}'}"


def _arrange(root: Path) -> None:
    """fish takes its files from where it stands only if etc is beside bin and share."""
    if (root / "etc/fish").is_dir() and not (root / "usr/etc").exists():
        (root / "usr/etc").symlink_to("../etc")


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    plain = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, capture_output=True, text=True, env=plain, timeout=900)


if __name__ == "__main__":
    try:
        print(ensure())
    except CannotFetch as error:
        sys.exit(f"cannot fetch the test programs: {error}")
