"""`hubcli config`, and how it edits a file that people wrote."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli import config_edit
from hubcli.errors import UsageError
from support.running import InProcess

WRITTEN = """\
# mine
[defaults]  # what I like
format = "json"   # always

namespace = '''
alice'''

[registries."quay.io"]
mirrors = [
  "a.example",  # first
  "b.example",
]
[registries.localhost]
plain_http = false
"""


def test_one_line_changes_and_the_rest_stays() -> None:
    changed = config_edit.change(WRITTEN, ("defaults", "format"), "csv")
    assert changed == WRITTEN.replace('format = "json"   # always', 'format = "csv"')


def test_a_value_over_several_lines_is_replaced_whole() -> None:
    changed = config_edit.change(WRITTEN, ("registries", "quay.io", "mirrors"), ("c.example",))
    assert 'mirrors = ["c.example"]\n[registries.localhost]' in changed
    assert "a.example" not in changed


def test_a_new_key_goes_into_its_table() -> None:
    changed = config_edit.change(WRITTEN, ("defaults", "concurrency"), 3)
    assert "alice'''\nconcurrency = 3\n\n[registries" in changed


def test_a_new_table_goes_to_the_end() -> None:
    changed = config_edit.change(WRITTEN, ("registries", "r:5000", "plain_http"), True)
    assert changed == WRITTEN + '\n[registries."r:5000"]\nplain_http = true\n'


def test_a_key_is_removed() -> None:
    changed = config_edit.change(WRITTEN, ("defaults", "format"), None)
    assert changed == WRITTEN.replace('format = "json"   # always\n', "")
    assert config_edit.change(WRITTEN, ("hub", "oauth_url"), None) == WRITTEN


@pytest.mark.parametrize(
    "text",
    [
        'defaults = {format = "json"}\n',
        'defaults.format = "json"\n',
        'note = """\n[defaults]\n"""\n[defaults]\nformat = "json"\n',
    ],
)
def test_what_only_a_person_can_change_is_left_alone(text: str) -> None:
    with pytest.raises(UsageError, match="edit the file"):
        config_edit.change(text, ("defaults", "format"), "csv")


@given(st.text(max_size=30), st.text(min_size=1, max_size=10))
def test_any_text_can_be_a_value_or_part_of_a_name(value: str, host: str) -> None:
    path = ("registries", host, "provider")
    try:
        changed = config_edit.change(WRITTEN, path, value)
    except UsageError:
        return  # lone surrogates and the like cannot be written at all
    assert tomllib.loads(changed)["registries"][host]["provider"] == value


def test_set_get_unset(cli: InProcess, environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "conf" / "hubcli.toml"
    environ["HUBCLI_CONFIG"] = str(file)
    assert cli("config", "path").stdout == f"{file}\n"
    assert cli("config", "set", "defaults.namespace", "acme").exit_code == 0
    assert cli("config", "set", "registries.r.example:5000.plain_http", "true").exit_code == 0
    assert cli("config", "set", "registries.quay.io.mirrors", "a.b, c.d").exit_code == 0
    assert cli("config", "get", "registries.quay.io.mirrors").stdout == "a.b,c.d\n"
    assert cli("config", "get", "registries.r.example:5000.plain_http").stdout == "true\n"
    assert cli("config", "ls").lines() == [
        "defaults.namespace\tacme\tfile",
        "registries.quay.io.mirrors\ta.b,c.d\tfile",
        "registries.r.example:5000.plain_http\ttrue\tfile",
    ]
    assert cli("config", "unset", "defaults.namespace").exit_code == 0
    unset = cli("config", "get", "defaults.namespace")
    assert (unset.exit_code, unset.stdout) == (3, "")
    assert unset.stderr == "error: cannot get defaults.namespace: it is not set (NOT_FOUND)\n"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("defaults.concurrency", "many"),
        ("defaults.concurrency", "0"),
        ("defaults.colour", "red"),
        ("colour", "red"),
        ("registries.quay.io", "x"),
        ("registries.quay.io.nothing", "x"),
        ("registries.a b.plain_http", "true"),
        ("registries.quay.io.plain_http", "maybe"),
        ("defaults.store", "plaintext"),
    ],
)
def test_mistakes_are_usage_errors(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, key: str, value: str
) -> None:
    environ["HUBCLI_CONFIG"] = str(tmp_path / "config.toml")
    assert cli("config", "set", key, value).exit_code == 2
    assert not (tmp_path / "config.toml").exists()


def test_a_broken_file_is_not_touched(
    cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[defaults\n")
    environ["HUBCLI_CONFIG"] = str(file)
    result = cli("config", "set", "defaults.format", "json")
    assert result.exit_code == 2
    assert f"{file}, line 1, column 10" in result.stderr
    assert file.read_text() == "[defaults\n"


def test_the_configuration_decides_the_format(
    cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[defaults]\nformat = "json"\n')
    result = cli("config", "ls", "--config", str(file))
    assert result.json() == [{"key": "defaults.format", "value": "json", "source": "file"}]
    assert cli("--config", str(file), "config", "ls", "--format", "tsv").lines() == [
        "defaults.format\tjson\tfile"
    ]


def test_writers_at_the_same_time_lose_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    environ["HUBCLI_CONFIG"] = str(tmp_path / "config.toml")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "hubcli", "config", "set", f"registries.r{n}.provider", "x"],
            env=environ,
        )
        for n in range(6)
    ]
    assert [process.wait() for process in running] == [0] * 6
    rows = tomllib.loads((tmp_path / "config.toml").read_text())["registries"]
    assert set(rows) == {f"r{n}" for n in range(6)}
