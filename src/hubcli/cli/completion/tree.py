"""The command tree as completion scripts need it: names, help lines, and what a value can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from hubcli.cli.app import ALIASES, COMMANDS, load, root
from hubcli.output.selection import FORMAT_NAMES

DYNAMIC = ("repository", "reference", "registry")
"""Kinds of values that `hubcli __complete KIND PREFIX` knows."""

FILE, COMMAND = "file", "command"
"""Kinds of values that shells know themselves."""

STORES = ("oci:", "oci-archive:", "docker-archive:")
"""How local stores are spelled, before a path."""

_PLATFORMS = (
    *("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386"),
    *("linux/ppc64le", "linux/s390x", "linux/riscv64", "windows/amd64"),
)
_CATEGORIES = (
    *("api-management", "content-management-system", "data-science", "databases-and-storage"),
    *("developer-tools", "integration-and-delivery", "internet-of-things"),
    *("languages-and-frameworks", "machine-learning-and-ai", "message-queues"),
    *("monitoring-and-observability", "networking", "operating-systems", "security"),
    *("web-analytics", "web-servers"),
)
"""Docker Hub's, in 2026: what it does not know any more it refuses itself."""
_ORGANIZATION_SCOPES = (
    *("member-read", "member-edit", "invite-read", "invite-edit", "group-read", "group-edit"),
    *("activity-read", "siem_credentials-read", "ram-read", "ram-write", "report-read"),
    *("repository-create", "repository-list", "registry-usage-read", "cloud-connect"),
    *("audit_events-read", "governance-policy-read", "governance-policy-write"),
)
"""Of organization access tokens, in 2026: others are passed on."""
_ARCHITECTURES = ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64")


@dataclass(frozen=True, slots=True)
class Value:
    """What a value can be: fixed `words`, names of a `kind`, or both; neither: any text.

    `listed` values are several words with commas between.
    """

    words: tuple[str, ...] = ()
    kind: str | None = None
    listed: bool = False

    @property
    def is_free(self) -> bool:
        return not self.words and self.kind is None


@dataclass(frozen=True, slots=True)
class Option:
    """A flag; `value` is None where it takes none."""

    names: tuple[str, ...]
    help: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands after the flags; `many` when the last one may be repeated."""

    value: Value
    many: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A command; `path` is how it is called, without `hubcli`.

    With `passes_on` nothing after its first argument is an option of its own.
    """

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    children: tuple[Node, ...] = ()
    passes_on: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def key(self) -> str:
        return " ".join(self.path)

    @property
    def flags(self) -> Iterator[tuple[str, Option]]:
        """Each spelling of an option by itself."""
        return ((name, option) for option in self.options for name in option.names)

    @property
    def has_more(self) -> bool:
        """Whether anything can come after the command's name."""
        return bool(self.options or self.arguments or self.children)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def tree() -> Node:
    """The whole tree; every command's module is imported for it."""
    shown = {name: name for name, entry in COMMANDS.items() if not entry.hidden}
    commands = [_node(load(target), (name,)) for name, target in (shown | ALIASES).items()]
    children = (_explaining(one, commands) if one.key == "help" else one for one in commands)
    return Node((), "", _options(root(), ""), (), tuple(children))


def _node(command: Any, path: tuple[str, ...]) -> Node:
    key = " ".join(path)
    children = (
        _node(child, (*path, name))
        for name, child in getattr(command, "commands", {}).items()
        if not child.hidden
    )
    return Node(
        path,
        _line(command.help),
        _options(command, key),
        tuple(_arguments(command, key)),
        tuple(children),
        passes_on=not command.context_settings.get("allow_interspersed_args", True),
    )


def _explaining(help: Node, commands: Sequence[Node]) -> Node:
    """`help` is followed by a topic, or by the words of a command."""
    from hubcli.cli.help import topics

    def named(node: Node) -> Node:
        return Node((*help.path, *node.path), node.help, children=tuple(map(named, node.children)))

    explained = {one.name: named(one) for one in commands}
    for name, title in topics().items():
        # A topic that is called as a command is goes before it, but not before its verbs.
        explained[name] = replace(explained.get(name, Node((*help.path, name), "")), help=title)
    return replace(help, arguments=(), children=tuple(explained.values()))


def _line(text: str | None) -> str:
    """The first line, in the characters that every shell reads the same way."""
    return (text or "").strip().partition("\n")[0].rstrip(".").replace("…", "...")


def _options(command: Any, key: str) -> tuple[Option, ...]:
    shown = (one for one in command.params if one.param_type_name == "option" and not one.hidden)
    found = (
        Option(
            (*parameter.opts, *parameter.secondary_opts),
            _line(parameter.help),
            None if parameter.is_flag else _value(command, parameter, key),
        )
        for parameter in shown
    )
    return (*found, Option(("-h", "--help"), "Show help"))


def _arguments(command: Any, key: str) -> Iterator[Argument]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield Argument(_value(command, parameter, key), parameter.nargs == -1)


def _value(command: Any, parameter: Any, key: str) -> Value:
    if "--format" in parameter.opts:
        return Value(FORMAT_NAMES)
    if "--fields" in parameter.opts:
        return Value((*command.callback.view.names, "help"), listed=True)
    choices: Sequence[Any] = getattr(parameter.type, "choices", ())
    if choices:
        return Value(tuple(str(getattr(choice, "value", choice)) for choice in choices))
    return meaning(key, parameter.metavar or parameter.name.upper()) or Value()


def meaning(command: str, metavar: str) -> Value | None:
    """What a value can be by the name that help gives it; None where that name is not known."""
    name = re.sub(r"^\[(.*)\]$", r"\1", metavar).rstrip(",…")
    words = re.fullmatch(r"([a-z0-9-]+(?:\|[a-z0-9-]+)+)(?:\[=.*\])?", name)
    if words:
        return Value(tuple(words[1].split("|")))
    if name == "KEY":
        return Value(_settings())
    return _MEANINGS.get(f"{command} {name}") or _MEANINGS.get(name)


def _settings() -> tuple[str, ...]:
    """The keys that `hubcli config` knows; those of a registry begin with its name."""
    from hubcli.config import TABLES

    tables = ((name, table) for name, table in TABLES.items() if name != "registries")
    keys = (f"{name}.{entry.name}" for name, table in tables for entry in fields(table))
    return (*keys, "registries.")


_REPOSITORY, _REFERENCE, _REGISTRY = (Value(kind=kind) for kind in DYNAMIC)
_PLATFORM = Value(_PLATFORMS)
_PATH = Value(kind=FILE)
_FREE = Value()
_MEANINGS: Mapping[str, Value] = {
    "REPO": _REPOSITORY,
    "NAME": _REPOSITORY,
    "OLD": _REPOSITORY,
    "repo copy SRC": _REPOSITORY,
    "repo copy DST": _REPOSITORY,
    "REF": _REFERENCE,
    "HOST": _REGISTRY,
    "HOST/NAMESPACE": _REGISTRY,
    "HOST[/NAMESPACE]": _REGISTRY,
    "HOST[/REPO]": _REGISTRY,
    "NAMESPACE|HOST[/NAMESPACE]": _REGISTRY,
    "REF@DIGEST": _REFERENCE,
    "SRC_REF": _REFERENCE,
    "PLATFORM|DIGEST": _PLATFORM,
    "TAR": _PATH,
    "SRC": Value(STORES, "reference"),
    "TARGET": Value(STORES, "reference"),
    "DST": Value(STORES, "reference"),
    "push SRC": Value(STORES, FILE),
    "diff A": Value(STORES, "reference"),
    "diff B": Value(STORES, "reference"),
    "diff A,B": Value(
        ("platforms", "config", "history", "layers", "files", "packages"), listed=True
    ),
    "DEST": Value(STORES, FILE),
    "FILE": _PATH,
    "FILE|DIR": _PATH,
    "FILE[:MEDIA_TYPE]": _PATH,
    "DIR": _PATH,
    "LIST": _PATH,
    "-- CMD [ARG]": Value(kind=COMMAND),
    "PROGRAM": _PATH,
    "OS/ARCH[/VARIANT]": _PLATFORM,
    "tag ls P": _PLATFORM,
    "tag inspect P": _PLATFORM,
    "C": Value(_CATEGORIES),
    "SLUG": Value(_CATEGORIES),
    "ARCH": Value(_ARCHITECTURES),
    "OS": Value(("linux", "windows")),
    "TYPE": Value(("image", "model", "plugin", "extension", "helm", "compose")),
    "ACTION": Value(("pull", "push", "delete"), listed=True),
    "org audit-log ACTION": _FREE,
    "org audit-log NAME": _FREE,
    "ROLE": Value(("owner", "editor", "member")),
    "org member ls ROLE": Value(("owner", "editor", "member", "invitee")),
    "HOST[=TITLE]": _REGISTRY,
    "org settings KEY=VALUE": _FREE,
    "org token create SCOPE": Value(_ORGANIZATION_SCOPES),
    "org token edit SCOPE": Value(_ORGANIZATION_SCOPES),
    "token create SCOPE": Value(("repo:admin", "repo:write", "repo:read", "repo:public_read")),
    **dict.fromkeys(
        (
            *(
                "CODE",
                "DIGEST",
                "EXPR",
                "GLOB",
                "KEY=VALUE",
                "N",
                "P",
                "QUERY",
                "RANGE",
                "REGEX",
                "RULE",
            ),
            *("SECONDS", "SIZE", "TEXT", "USER", "VALUE", "account info NAME"),
            *("K", "K=V", "NEW", "NEW_TAG", "PORT[/PROTO]", "TIME", "WORDS"),
            *("manifest put TYPE", "mutate DIR", "push TYPE", "referrer ls TYPE"),
            *("referrer attach TYPE", "TYPE|DIGEST"),
            *("I/N", "EVERY", "ADDRESS", "ORG", "URL", "WEBHOOK", "-- ARG", "build trigger NAME"),
            *("GIB", "PATH", "LABEL", "UUID_OR_LABEL", "90d", "90d|DATE"),
            *(
                "SCHEMA",
                "RESOURCE_TYPE",
                "ORG",
                "ORG/TEAM",
                "TEAM",
                "ID",
                "INVITEE",
                "ORG/REPO:SCOPE",
                "7d|TIME",
            ),
        ),
        _FREE,
    ),
}
"""By the name of a value; where one command means something else by it, by both."""
