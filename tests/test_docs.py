"""What the texts promise is there: commands, options, variables, exit codes, files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generate
import operations
import pytest

from hubcli import config, errors
from hubcli.cli.app import COMMANDS, load
from hubcli.cli.help import topics
from hubcli.errors import ExitCode
from hubcli.mirroring.shard import VARIABLES
from hubcli.output.selection import FORMAT_NAMES
from hubcli.output.template.functions import FUNCTIONS
from hubcli.providers import ROWS
from hubcli.tags import KEYS, SORT_KEYS
from support import openapi
from support.command_lines import command_lines, parse
from support.openapi_corrections import UNDOCUMENTED

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "src" / "hubcli"
TOPICS = SOURCE / "cli" / "topics"
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "docs/sync.md",
    "docs/pruning.md",
]
# Read by libraries on our behalf: httpx, OpenSSL, keyring, botocore.
READ_FOR_US = {
    *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHON_KEYRING_BACKEND", "AWS_PROFILE"),
    *("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"),
}
# What belongs to the system, not to hubcli; and what the sandbox's own parts tell each other.
OF_THE_SYSTEM = {
    *("PATH", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "DBUS_SESSION_BUS_ADDRESS"),
    *("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HUBCLI_SANDBOX_KEYRING"),
}


def topic(name: str) -> str:
    return (TOPICS / f"{name}.txt").read_text(encoding="utf-8")


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def written() -> Iterator[Any]:
    """Every command line that somebody may copy, with where it stands."""
    texts = {page: (PROJECT / page).read_text(encoding="utf-8") for page in PAGES}
    texts |= {f"topic {name}": topic(name) for name in topics()}
    for name, entry in COMMANDS.items():
        if not entry.hidden:
            texts |= {f"help {path}": one.help for path, one in commands(load(name), name)}
    for place, text in texts.items():
        for words in command_lines(text):
            yield pytest.param(words, id=f"{place}: {' '.join(words)}")


def hints() -> Iterator[Any]:
    """Every hint in the source that begins as a command; what is filled in stands as `a/b`.

    Where noun or verb are filled in, that is left to the tests of the command.
    """
    for path in SOURCE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "hint" not in source or "hubcli " not in source:  # spares the reading of most
            continue
        for node in ast.walk(ast.parse(source)):
            text = literal(_hint(node))
            filled = ("hubcli a/b", "hubcli repo a/b")
            if text and text.startswith("hubcli ") and not text.startswith(filled):
                yield pytest.param(text, id=f"{path.stem}: {text}")


def _hint(node: ast.AST) -> ast.expr | None:
    """What is given or assigned as a hint."""
    if isinstance(node, ast.keyword) and node.arg == "hint":
        return node.value
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".hint"):
        return node.value
    return None


def literal(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "a/b" for part in node.values)
        return "".join(map(str, parts))
    return None


@pytest.mark.parametrize("words", [*written()])
def test_every_command_line_that_is_shown_can_be_read(words: list[str]) -> None:
    parse(words)


@pytest.mark.parametrize("hint", [*hints()])
def test_every_hint_is_a_command_that_can_be_read(hint: str) -> None:
    (words,) = command_lines(f"  {hint}")
    parse(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("    hubcli tag ls 'a b' | cut -f1", [["hubcli", "tag", "ls", "a b"]]),
        ("    hubcli help a && hubcli help b", [["hubcli", "help", "a"], ["hubcli", "help", "b"]]),
        ('    eval "$(hubcli sandbox env)"', [["hubcli", "sandbox", "env"]]),
        ("see `hubcli help auth`.", [["hubcli", "help", "auth"]]),
        ("  hubcli login -u a < t   # remark", [["hubcli", "login", "-u", "a"]]),
        ("  hubcli login          Docker Hub; asks", [["hubcli", "login"]]),
        ("  hubcli repo ls -q | xargs -n1 hubcli tag ls",
         [["hubcli", "repo", "ls", "-q"], ["hubcli", "tag", "ls", "x/y"]]),
        ("what hubcli knows, `hubcli`, hubcli's", []),
        ("    docker-credential-hubcli get", []),
    ],
)  # fmt: skip
def test_command_lines_are_found_in_texts(text: str, words: list[list[str]]) -> None:
    assert list(command_lines(text)) == words


@pytest.mark.parametrize(
    "line",
    ["nope", "tag lss x", "tag ls x --nope", "tag ls", "tag ls x --fields nope", "pull a b c"],
)
def test_a_wrong_command_line_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r".+"):
        parse(["hubcli", *line.split()])


def test_many_command_lines_are_shown() -> None:
    assert len([*written()]) > 60
    assert len([*hints()]) > 10


# Topics


def test_the_root_help_names_the_topics() -> None:
    assert set(topics()) == {
        *("references", "tags", "formats", "exit-codes", "environment", "auth")
    }
    for name in topics():
        assert name in COMMANDS["help"].help


@pytest.mark.parametrize("name", topics())
def test_topics_fit_a_terminal(name: str) -> None:
    lines = topic(name).splitlines()
    assert max(map(len, lines)) <= 84
    assert topics()[name] == lines[0]
    assert not any(line != line.rstrip() or "\t" in line for line in lines)


def test_every_way_to_choose_tags_is_named() -> None:
    text = topic("tags")
    assert tuple(re.findall(r"^  ([a-z]+) [A-Z7].*  ", text, re.M)) == KEYS
    assert ", ".join(SORT_KEYS) in text


def test_every_exit_code_is_explained_and_no_other() -> None:
    codes = {int(code) for code in ExitCode}
    assert {int(code) for code in re.findall(r"^  (\d+)  ", topic("exit-codes"), re.M)} == codes
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    listed = readme.split("Exit codes: ")[1].split(". ")[0]
    assert {int(code) for code in re.findall(r"\d+", listed)} == codes


def test_every_code_of_our_own_is_named() -> None:
    kinds = [errors.HubcliError, *vars(errors).values()]
    codes = {kind.code for kind in kinds if isinstance(kind, type) and hasattr(kind, "code")}
    named = set(re.findall(r"\b[A-Z_]{3,}\b", topic("exit-codes")))
    assert codes <= named


def test_every_format_and_template_function_is_named() -> None:
    text = topic("formats")
    assert set(FORMAT_NAMES) <= set(re.findall(r"--format (\w+)", text))
    functions = text.split("and the functions\n\n")[1].split("\n\n")[0].split()
    assert functions == sorted(FUNCTIONS)


def variables_read() -> set[str]:
    """Names that the source looks up in an environment, and those it has tables of."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"environ(?:\.get\(|\[)[\"']([A-Z_]+)[\"']", text))
        found |= set(re.findall(r"[\"']((?:HUBCLI|DOCKER|REGISTRY)_[A-Z_]+)[\"']", text))
    found.update(*(row.variables for row in ROWS))
    found.update(name for row in VARIABLES for name in row if name)
    return found - {"DOCKER_DAEMON", "DOCKER_ARCHIVE", "DOCKER_HUB"}


def test_the_environment_is_explained_and_nothing_that_is_not_read() -> None:
    text = topic("environment").split("\nConfiguration")[0]
    explained = set(re.findall(r"\b[A-Z][A-Z_]{4,}\b", text))
    assert explained - READ_FOR_US - variables_read() == set()
    assert variables_read() - OF_THE_SYSTEM - explained == set()


def test_the_configuration_that_is_shown_is_one(tmp_path: Path) -> None:
    shown = topic("environment").split("prints where it is\n")[1].split("\n  `hubcli")[0]
    text = re.sub(r"^  ", "", shown, flags=re.MULTILINE)
    settings = config.parse(text, tmp_path / "config.toml", {})
    assert settings.defaults.namespace == "my-org"
    assert settings.registries["registry.example:5000"].plain_http


def test_the_order_of_credentials_is_that_of_the_keychain() -> None:
    from hubcli.auth.credentials import keychain
    from hubcli.providers import Identities
    from hubcli.session import Session

    told = {
        "environment": "the environment:",
        "keyring": "the keyring",
        "file": "the file of",
        "docker": "docker's configuration",
        "podman": "podman's auth file",
    }
    sources = keychain(config.load({}), warn=print).sources
    asked = [next(key for key in reversed(told) if key in source.name) for source in sources]
    assert list(dict.fromkeys(asked)) == list(told)
    session = Session(config.load({}), notify=print, warn=print)
    assert session.keychain.sources[-1].name == Identities.name
    told["identity"] = "the provider's own identity:"
    places = [topic("auth").index(words) for words in told.values()]
    assert places == sorted(places)


# README


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [*PAGES, "docs/commands.md"]:
        text = (PROJECT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (PROJECT / page).parent.joinpath(target).exists(), (page, target)


def test_sections_of_the_reference_can_be_reached() -> None:
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    sections = {
        line[3:].replace(" ", "-") for line in text.splitlines() if line.startswith("## hub")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == sections


def test_daily_commands_are_targets_of_make() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        text = (PROJECT / page).read_text(encoding="utf-8")
        named = re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE)
        assert set(named) <= targets


# Operations of the Hub API


@pytest.fixture(scope="module")
def documented() -> set[str]:
    return {operation.route for operation in openapi.require_document().operations}


@pytest.fixture(scope="module")
def served() -> dict[str, list[str]]:
    return operations.served((entry.path, entry.command) for entry in generate.entries())


@pytest.fixture(scope="module")
def known(served: dict[str, list[str]]) -> set[str]:
    """What stands in the table, and what stands for it where the token is an organization's."""
    rows = {*served, *operations.WITHOUT_COMMAND}
    return rows | {operations.twin(row) for row in rows}


def test_every_operation_of_the_document_is_in_the_table(
    documented: set[str], known: set[str]
) -> None:
    assert documented - known == set()


def test_every_other_operation_that_is_known_is_in_the_table(known: set[str]) -> None:
    assert UNDOCUMENTED.keys() - known == set()


def test_commands_declare_operations_that_there_are(
    documented: set[str], served: dict[str, list[str]]
) -> None:
    """Spelled as Docker's document spells them, so that the row is found there."""
    assert served.keys() - documented - UNDOCUMENTED.keys() == set()


def test_a_reason_is_given_only_where_there_is_no_command(
    documented: set[str], served: dict[str, list[str]]
) -> None:
    reasons = operations.WITHOUT_COMMAND
    assert reasons.keys() & served.keys() == set()
    assert reasons.keys() - documented - UNDOCUMENTED.keys() == set()
    assert [row for row, reason in reasons.items() if len(reason.split()) < 4] == []


def test_the_table_has_a_row_for_each_with_links_that_lead_somewhere(
    served: dict[str, list[str]],
) -> None:
    page = operations.page((entry.path, entry.command) for entry in generate.entries())
    for row in {*served, *operations.WITHOUT_COMMAND}:
        assert page.count(f"| `{row}` |") == 1
    anchors = {entry.anchor for entry in generate.entries()}
    assert {path.replace(" ", "-") for paths in served.values() for path in paths} <= anchors


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("POST /v2/repositories/{namespace}/{repository}/stars",
         "POST /v2/namespaces/{namespace}/repositories/{repository}/stars"),
        ("GET /v2/user", "GET /v2/user"),
    ],
)  # fmt: skip
def test_a_legacy_operation_has_a_twin(operation: str, expected: str) -> None:
    assert operations.twin(operation) == expected
