"""docs/pruning.md: its policy can be read, and its commands are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from hubcli.reference import parse
from hubcli.retention import undo
from hubcli.retention.policy import read_policies
from support.running import InProcess
from support.sandbox import SandboxServer

PAGE = (Path(__file__).parents[2] / "docs" / "pruning.md").read_text(encoding="utf-8")
POLICY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
COMMANDS = re.findall(r"^    hubcli (.*)$", PAGE, re.MULTILINE)


def test_the_policy_says_what_the_page_tells() -> None:
    policies = read_policies(POLICY, "prune.yaml")
    assert [one.rules.keep for one in policies] == [None, 20, 5]
    assert [one.allow_empty for one in policies] == [False, False, True]
    assert policies[0].rules.names.globs == ("pr-*", "sha-*")


def test_the_commands_are_understood(
    cli: InProcess, sandbox: SandboxServer, tmp_path: Path
) -> None:
    """Whatever is there: nothing of it is a matter of usage."""
    (tmp_path / "prune.yaml").write_text(POLICY.replace("ghcr.io/acme", f"{sandbox.host}/nobody"))
    digest = "sha256:" + "0" * 64
    undo.add(tmp_path / "undo.jsonl", [undo.Entry(parse(f"{sandbox.host}/a/b:v1"), digest)])
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        done = cli(*shlex.split(command), *(["--dry-run"] if "prune" in command else []))
        assert done.exit_code != 2, (command, done.stderr)
        assert "Traceback" not in done.stderr
