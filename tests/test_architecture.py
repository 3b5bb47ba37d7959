"""Which module may import which: the layers, and who may import what is heavy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from hubcli.cli.app import COMMANDS

SOURCE = Path(__file__).parents[1] / "src" / "hubcli"

# From the bottom up: a module imports from lower ranks and from its own package; peers, which
# share a rank, do not know each other.
RANKS: tuple[tuple[str, ...], ...] = (
    ("hubcli",),
    ("hubcli.errors", "hubcli.late"),
    (
        *("hubcli.timestamps", "hubcli.parallel", "hubcli.files", "hubcli.semver"),
        *("hubcli.documents", "hubcli.jsonreading"),
    ),
    ("hubcli.reference", "hubcli.tags"),
    ("hubcli.oci",),
    ("hubcli.auth.challenge", "hubcli.config"),
    ("hubcli.config_edit",),
    ("hubcli.auth.credentials",),
    ("hubcli.http",),
    ("hubcli.auth.tokens",),
    ("hubcli.stores", "hubcli.registry", "hubcli.hub", "hubcli.webhooks"),
    (
        *("hubcli.transfer", "hubcli.inspection", "hubcli.layers", "hubcli.auth.signin"),
        "hubcli.desired",
        "hubcli.providers",
        "hubcli.retention",
    ),
    ("hubcli.authoring", "hubcli.artifacts", "hubcli.mirroring"),
    ("hubcli.session",),
    ("hubcli.suggestions",),
    ("hubcli.cli",),
    ("hubcli.__main__",),
)
# Outside the ranks: what each may import, and who may import it.
APART = {
    "hubcli.output": (("hubcli.errors", "hubcli.timestamps"), ("hubcli.cli", "hubcli.__main__")),
    "hubcli.sandbox": (
        ("hubcli.errors", "hubcli.files", "hubcli.reference", "hubcli.timestamps", "hubcli.oci"),
        ("hubcli.cli.sandbox",),
    ),
}
When = Literal["imported", "called", "checked"]
# Heavy packages: who may import them, and when ("imported" allows "called" as well).
HEAVY: dict[str, dict[str, When]] = {
    "rich": {
        "hubcli.output.table": "called",
        "hubcli.output.progress": "called",
        "hubcli.output.markdown": "called",
    },
    # The sandbox's keyring is a backend: keyring itself imports it, by name.
    "keyring": {"hubcli.auth.credentials": "called", "hubcli.sandbox.keyring": "imported"},
    "platformdirs": {"hubcli.config": "called"},
    "jmespath": {"hubcli.output.query": "called"},
    "backports": {"hubcli.layers.inflating": "called"},
    "yaml": {"hubcli.documents.tree": "called"},
    "httpx": {"hubcli.http": "imported"},
    "google": {"hubcli.providers.google_identity": "called"},
    "azure": {"hubcli.providers.azure": "called"},
    "typer": {"hubcli.cli": "imported", "hubcli.__main__": "called"},
    "starlette": {"hubcli.sandbox": "imported"},
    "botocore": {"hubcli.providers.aws": "called"},
    "uvicorn": {"hubcli.sandbox": "called"},
}
# What the start of any command may cost: all else a command imports when it is run.
CHEAP = ("hubcli.cli", "hubcli.output", "hubcli.errors", "hubcli.reference", "hubcli.timestamps")
BANNED_NAMES = {"utils", "util", "helpers", "manager", "base", "models", "common", "misc"}


class Import(NamedTuple):
    """One import: when its module is imported, when a function runs, or only for type checks."""

    importer: str
    imported: str
    when: When

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported} (when {self.when})"


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def modules() -> dict[str, Path]:
    named = {}
    for path in SOURCE.rglob("*.py"):
        parts = ("hubcli", *path.relative_to(SOURCE).with_suffix("").parts)
        named[".".join(parts).removesuffix(".__init__")] = path
    return named


def statements(
    node: ast.AST, when: When = "imported"
) -> Iterator[tuple[ast.Import | ast.ImportFrom, When]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # has no statement in it
            continue
        inside = when
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inside = "checked"
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and when == "imported":
            inside = "called"
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, when
        yield from statements(child, inside)


@cache
def imports() -> list[Import]:
    return list(_imports())


def _imports() -> Iterator[Import]:
    for importer, path in MODULES.items():
        for statement, when in statements(ast.parse(path.read_text())):
            if isinstance(statement, ast.Import):
                names = [alias.name for alias in statement.names]
            else:
                assert statement.level == 0, f"{importer} has a relative import"
                full = [f"{statement.module}.{alias.name}" for alias in statement.names]
                names = [name if name in MODULES else str(statement.module) for name in full]
            yield from (Import(importer, name, when) for name in names)


MODULES = modules()


def place(module: str) -> tuple[int, str] | None:
    """The rank of a module, and the name it stands under there."""
    for number, names in enumerate(RANKS):
        for name in names:
            if module == name or (name != "hubcli" and within(module, name)):
                return number, name
    return None


def test_every_module_has_a_place() -> None:
    packages = {
        module for module in MODULES if any(within(m, module) for m in MODULES if m != module)
    }
    homeless = {m for m in MODULES if place(m) is None and not within(m, *APART)} - packages
    assert homeless == set()


def test_imports_point_downwards() -> None:
    wrong = []
    for one in imports():
        importer, imported = place(one.importer), place(one.imported)
        if importer and imported and importer[1] != imported[1] and importer[0] <= imported[0]:
            wrong.append(str(one))
    assert wrong == []


@pytest.mark.parametrize("package", APART)
def test_a_package_apart_knows_and_is_known_by_few(package: str) -> None:
    knows, known_by = APART[package]
    wrong = []
    for one in imports():
        if within(one.importer, package):
            ours = one.imported == "hubcli" or not within(one.imported, "hubcli")
            allowed = ours or within(one.imported, package, *knows)
        else:
            allowed = not within(one.imported, package) or within(one.importer, *known_by)
        if not allowed:
            wrong.append(str(one))
    assert wrong == []


@pytest.mark.parametrize("package", HEAVY)
def test_a_heavy_package_is_imported_where_it_is_needed(package: str) -> None:
    wrong = [
        str(one)
        for one in imports()
        if within(one.imported, package) and one.when != "checked"
        if not any(
            within(one.importer, importer) and one.when in {when, "called"}
            for importer, when in HEAVY[package].items()
        )
    ]
    assert wrong == []


def test_commands_import_clients_only_when_they_run() -> None:
    commands = {f"hubcli.cli.{entry.module}" for entry in COMMANDS.values()}
    verbs = {module for module in MODULES if within(module, *commands)}
    reached = imported_with(verbs | {"hubcli.cli.app"})
    assert {m for m in reached if m != "hubcli" and not within(m, *CHEAP)} == set()


def imported_with(modules: set[str]) -> set[str]:
    """Our modules that are imported when some are, themselves included."""
    reached: set[str] = set()
    todo = set(modules)
    while todo:
        reached |= todo
        found = {
            one.imported for one in imports() if one.importer in todo and one.when == "imported"
        }
        todo = {module for module in found if module in MODULES} - reached
    return reached


def test_names_say_what_is_in_a_module() -> None:
    assert {m for m in MODULES if BANNED_NAMES & set(m.lstrip("_").split("."))} == set()
