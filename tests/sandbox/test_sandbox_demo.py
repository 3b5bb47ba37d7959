"""`hubcli sandbox demo`: hubcli's own commands, for real."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hubcli.cli.demo import Demo
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError
from hubcli.oci import host
from hubcli.sandbox.environment import inside, prepare, variables
from support.running import Subprocess
from support.sandbox import SandboxServer


def test_the_demo_walks_through_what_a_registry_does(hubcli: Subprocess) -> None:
    done = hubcli("sandbox", "demo")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.lines()
    assert [line for line in lines if line.startswith("$ ")] == [
        '$ echo "$HUBCLI_SANDBOX_PASSWORD" | hubcli login -u alice --password-stdin',
        "$ hubcli search hello-world --limit 5",
        "$ hubcli repo create --private my-private-repo",
        "$ hubcli pull --all-platforms hello-world oci:hello-world:latest",
        "$ hubcli push oci:hello-world:latest alice/my-private-repo:v1.0",
        "$ hubcli push oci:hello-world:latest alice/my-private-repo:latest",
        "$ hubcli tag ls alice/my-private-repo",
        "$ hubcli pull alice/my-private-repo oci:pulled:latest",
        *(["$ ./hello"] if sys.platform == "linux" and host().architecture == "amd64" else []),
        "$ hubcli registry limits",
    ]
    searched = lines.index("$ hubcli search hello-world --limit 5")
    assert lines[searched + 1].startswith("library/hello-world\t")
    listed = lines.index("$ hubcli tag ls alice/my-private-repo")
    assert {line.split("\t")[0] for line in lines[listed + 1 : listed + 3]} == {"v1.0", "latest"}
    if "$ ./hello" in lines:
        assert "Hello from the sandbox!" in lines


def test_the_demo_ends_where_a_step_fails(
    sandbox: SandboxServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path / "home")
    added = variables(sandbox.url, tmp_path / "home", os.environ)
    environ = inside(os.environ, {**added, "HUBCLI_SANDBOX_PASSWORD": "wrong"})
    runtime = Runtime(environ, sys.stdin, sys.stdout, sys.stderr)
    with pytest.raises(HubcliError, match="exit code 4") as failure:
        Demo(runtime, environ, tmp_path / "demo").walk()
    assert failure.value.exit_code == 1
    assert failure.value.reference == "hubcli login -u alice --password-stdin"
    assert "hubcli search" not in capfd.readouterr().out
