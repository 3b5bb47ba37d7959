"""Fixtures: a private home, hubcli itself, and the real programs and servers it talks to."""

from __future__ import annotations

import gc
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from support import docker_registry as registries
from support import leaks
from support import sandbox as sandboxes
from support import secret_service as keyrings
from support.docker_registry import DockerRegistry, Settings
from support.guard import command_lines, loopback_only, tracing
from support.guard.planted import PLANTED
from support.hub_report import HubReport
from support.images import Image, Layout
from support.proxy import ForwardProxy, Proxy
from support.real_images import RealImages
from support.running import InProcess, Subprocess, private_environ
from support.sandbox import SandboxServer
from support.secret_service import SecretService
from support.skopeo import Skopeo
from support.terminal import Terminal, at_terminal

loopback_only.install()
command_lines.install(PLANTED, leaks.WATCH)
tracing.install()
# The same examples in every run: a change is to blame for a failure, not chance.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(HubReport(config), "hub-report")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the collector of cycles leave alone what stays to the end: thousands of tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home directory of the user that runs hubcli; its XDG directories are inside."""
    directory = tmp_path / "home"
    directory.mkdir()
    return directory


@pytest.fixture
def environ(home: Path) -> Iterator[dict[str, str]]:
    """The variables of `cli`, `hubcli` and `terminal`; a test may change them."""
    yield private_environ(home)
    leaks.check_home(home)


@pytest.fixture
def cli(environ: dict[str, str], tmp_path: Path) -> InProcess:
    """`cli("tag", "ls", "x", stdin="", env={}) -> Result`, in this process."""
    return InProcess(environ, tmp_path)


@pytest.fixture
def hubcli(environ: dict[str, str], tmp_path: Path) -> Subprocess:
    """`hubcli("tag", "ls", "x", stdin="", env={}) -> Result`, a process of its own."""
    return Subprocess(environ, tmp_path)


@pytest.fixture
def terminal(
    environ: dict[str, str], tmp_path: Path
) -> Callable[..., AbstractContextManager[Terminal]]:
    """`with terminal("login", columns=80, pipes=("stdout",)) as screen:` runs hubcli at a pty."""

    def run(
        *argv: str | Path, env: dict[str, str] | None = None, **settings: Any
    ) -> AbstractContextManager[Terminal]:
        return at_terminal(
            Subprocess.command(*argv),
            environ={**environ, **(env or {})},
            directory=tmp_path,
            **settings,
        )

    return run


@pytest.fixture(scope="session")
def docker_registry(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., DockerRegistry]]:
    """`docker_registry("token", tls=True)`: a real registry, one process per kind and session.

    Tests share it: use names from `repository`, and never count all of its repositories.
    """
    running: dict[Settings, DockerRegistry] = {}
    with ExitStack() as stack:

        def registry(auth: registries.Auth = "open", **settings: Any) -> DockerRegistry:
            wanted = Settings(auth, **settings)
            if wanted not in running:
                directory = tmp_path_factory.mktemp("docker-registry")
                running[wanted] = stack.enter_context(registries.docker_registry(wanted, directory))
            return running[wanted]

        yield registry


@pytest.fixture
def new_docker_registry(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., DockerRegistry]]:
    """As `docker_registry`, but empty, of this test alone, and gone after it."""
    with ExitStack() as stack:

        def registry(auth: registries.Auth = "open", **settings: Any) -> DockerRegistry:
            directory = tmp_path_factory.mktemp("docker-registry")
            return stack.enter_context(
                registries.docker_registry(Settings(auth, **settings), directory)
            )

        yield registry


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A repository name that no other test uses: "TEST-NAME-RANDOM/app"."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    return f"{slug}-{secrets.token_hex(3)}/app"


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    """`skopeo("inspect", …)`, and shorthands for copy, inspect, raw and tags."""
    return Skopeo.create(tmp_path / "skopeo")


@pytest.fixture
def oci_layout(tmp_path: Path) -> Layout:
    """An empty OCI layout to put images in: `oci_layout.image("v1", platforms=[…])`."""
    return Layout(tmp_path / "layout")


@pytest.fixture(scope="session")
def real_image(tmp_path_factory: pytest.TempPathFactory) -> RealImages:
    """`real_image("whiteouts")`: one of `support.real_images`, to be read only."""
    return RealImages(tmp_path_factory.mktemp("real-images"))


@pytest.fixture
def image(oci_layout: Layout) -> Image:
    """An image for two platforms, tagged v1, in `oci_layout`."""
    return oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64/v8"])


@pytest.fixture
def secret_service(tmp_path: Path, environ: dict[str, str]) -> Iterator[SecretService]:
    """An unlocked gnome-keyring; from here on `cli`, `hubcli` and `terminal` use it."""
    with keyrings.secret_service(tmp_path / "secrets", environ) as service:
        environ.update(service.environ)
        yield service


@pytest.fixture
def locked_secret_service(tmp_path: Path, environ: dict[str, str]) -> Iterator[SecretService]:
    """A gnome-keyring that is there but locked, and that nobody can be asked to open."""
    with keyrings.secret_service(tmp_path / "secrets", environ, locked=True) as service:
        environ.update(service.environ)
        yield service


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    """`proxy("127.0.0.1:PORT", round_trip=0.1)`: stands before a server, and can be faulty."""
    with ExitStack() as stack:

        def start(upstream: str, **settings: float) -> Proxy:
            return stack.enter_context(Proxy(upstream, **settings).running())

        yield start


@pytest.fixture
def forward_proxy() -> Iterator[ForwardProxy]:
    """What HTTP_PROXY and HTTPS_PROXY may name."""
    with ForwardProxy().running() as running:
        yield running


@pytest.fixture(scope="session")
def hub_report(pytestconfig: pytest.Config) -> HubReport:
    """Compares what sandboxes see with Docker's OpenAPI document."""
    report = pytestconfig.pluginmanager.get_plugin("hub-report")
    assert isinstance(report, HubReport)
    return report


@pytest.fixture(scope="session")
def shared_sandbox(hub_report: HubReport) -> Iterator[SandboxServer]:
    """One sandbox for all tests of a worker; use `sandbox`."""
    with sandboxes.sandbox_server() as server:
        yield server
    hub_report.judge(server.exchanges)


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer, environ: dict[str, str]) -> Iterator[SandboxServer]:
    """A Docker Hub and its registry; from here on `cli`, `hubcli` and `terminal` use it.

    Tests share it: what they create has names of its own (`repository`), and nobody changes the
    accounts or what was seeded. The request log starts empty, faults end with the test.
    """
    shared_sandbox.forget()
    environ.update(shared_sandbox.environ)
    yield shared_sandbox
    shared_sandbox.clear_faults()


@pytest.fixture
def new_sandbox(
    hub_report: HubReport, environ: dict[str, str]
) -> Iterator[Callable[..., SandboxServer]]:
    """`new_sandbox(token_lifetime=2)`: a sandbox of this test alone, with those settings."""
    with ExitStack() as stack:

        def start(**settings: Any) -> SandboxServer:
            server = stack.enter_context(sandboxes.sandbox_server(**settings))
            stack.callback(lambda: hub_report.judge(server.exchanges))
            environ.update(server.environ)
            return server

        yield start
