"""The script for PowerShell. There is none here to run it: its text is read, not its behaviour."""

from __future__ import annotations

import re

import pytest

from hubcli.cli.completion.commands import script
from hubcli.cli.completion.tree import Node, tree

_STRING = r"'(?:[^']|'')*'"
_ROW = re.compile(rf"^        ({_STRING}) = (?:\[ordered\])?(@\{{.*\}})$")
_PAIR = re.compile(rf"({_STRING}|\w+) = ({_STRING}|\$true)")


@pytest.fixture(scope="module")
def text() -> str:
    return script("powershell")


@pytest.fixture(scope="module")
def top() -> Node:
    return tree()


def unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'") if literal.startswith("'") else literal


def table(text: str, name: str) -> dict[str, dict[str, str]]:
    """A hash table of hash tables; every line of it has to be understood."""
    begun = text.split(f"    ${name} = @{{\n", 1)[1]
    rows: dict[str, dict[str, str]] = {}
    for line in begun.split("\n    }\n", 1)[0].splitlines():
        row = _ROW.match(line)
        assert row, line
        pairs = [(unquoted(key), unquoted(value)) for key, value in _PAIR.findall(row[2])]
        between = _PAIR.sub("", row[2])
        assert set(between) <= set("@{}; "), line
        # Two keys that differ in case only would be an error in PowerShell.
        assert len({key.lower() for key, _ in pairs}) == len(pairs), line
        assert unquoted(row[1]).lower() not in {key.lower() for key in rows}, line
        rows[unquoted(row[1])] = dict(pairs)
    return rows


def test_structure_only__powershell_51_reads_it_in_any_code_page(text: str) -> None:
    assert text.isascii()


def test_structure_only__brackets_and_quotes_are_closed(text: str) -> None:
    without_strings = re.sub(rf'{_STRING}|"[^"\n]*"', "", text)
    code = re.sub(r"^\s*#.*$", "", without_strings, flags=re.MULTILINE)
    assert not set("'\"`") & set(code)
    open_ones: list[str] = []
    closing = {")": "(", "]": "[", "}": "{"}
    for character in code:
        if character in closing.values():
            open_ones.append(character)
        elif character in closing:
            assert open_ones.pop() == closing[character]
    assert open_ones == []


def test_structure_only__tables_hold_the_whole_tree(text: str, top: Node) -> None:
    commands, flags = table(text, "commands"), table(text, "flags")
    valued, arguments = table(text, "valued"), table(text, "arguments")
    for node in top.walk():
        assert list(commands.get(node.key, {})) == [child.name for child in node.children]
        assert list(flags.get(node.key, {})) == [name for name, _ in node.flags]
        for name, option in node.flags:
            assert (f"{node.key} {name}" in valued) == (option.value is not None)
        for number, argument in enumerate(node.arguments):
            words = arguments[f"{node.key} {number}"].get("words", "")
            assert words == " ".join(argument.value.words)
    # A tool tip must not be empty.
    assert all(help for row in (*commands.values(), *flags.values()) for help in row.values())


def test_structure_only__names_are_asked_of_hubcli(text: str) -> None:
    assert table(text, "arguments")["tag ls *"] == {"asks": "repository"}
    assert table(text, "arguments")["pull 0"] == {"asks": "reference"}
    assert table(text, "valued")["tag ls --fields"]["listed"] == "$true"
    assert "hubcli __complete $given.asks '--' $typed 2>$null" in text
    assert "-cmatch '^[A-Za-z0-9._/:@-]+$'" in text


def test_structure_only__every_variable_is_set_before_it_is_read(text: str) -> None:
    code = text[text.index("param(") :]
    known = {"_", "null", "true", "false", "Matches"}
    for found in re.finditer(r"\$([A-Za-z_]\w*)(\s*(?:\+?=(?!=)| in\b))?", code):
        name, assigns = found[1], found[2]
        if assigns or found.start() < code.index(")"):
            known.add(name)
        assert name in known, name
