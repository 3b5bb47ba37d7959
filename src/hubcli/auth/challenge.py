"""What a 401 asks for: challenges (RFC 9110, 11.6.1) and the scopes of distribution's tokens.

Pure: nothing here knows about sockets, clocks or files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))")
_LONGEST_HEADER = 16 << 10


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: the scheme in lower case, parameters by lower-case name."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> str | None:
        return self.parameters.get("realm")

    @property
    def service(self) -> str | None:
        return self.parameters.get("service")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What is asked for; one parameter may hold several scopes between spaces."""
        return parse_scopes(self.parameters.get("scope", "").split())

    @property
    def error(self) -> str | None:
        """`insufficient_scope` or `invalid_token`, where the registry says so (RFC 6750, 3.1)."""
        return self.parameters.get("error")


@dataclass(frozen=True, slots=True)
class Scope:
    """`type:name:action,action` of distribution's token specification; actions sorted."""

    type: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.type}:{self.name}:{','.join(self.actions)}"

    def covers(self, other: Scope) -> bool:
        """Whether a token for this scope is good for `other`."""
        if (self.type, self.name) != (other.type, other.name):
            return False
        return "*" in self.actions or set(other.actions) <= set(self.actions)


def repository_scope(path: str, *actions: str) -> Scope:
    """The scope for `actions` (`pull`, `push`, `delete`, `*`) on one repository."""
    return Scope("repository", path, tuple(sorted(set(actions))))


CATALOG_SCOPE = Scope("registry", "catalog", ("*",))


def parse_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """Read scopes; a name may hold a colon, so the first and the last colon part it."""
    found = []
    for text in texts:
        type_, _, rest = text.partition(":")
        name, colon, actions = rest.rpartition(":")
        kind = type_.partition("(")[0]
        if kind and colon and name:
            wanted = tuple(sorted({action for action in actions.split(",") if action}))
            found.append(Scope(kind, name, wanted))
    return merged(found)


def merged(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes with actions on the same thing joined, in order of first mention.

    Some token servers read only the first scope, so whoever has a new wish puts it first.
    """
    actions: dict[tuple[str, str], set[str]] = {}
    for scope in scopes:
        actions.setdefault((scope.type, scope.name), set()).update(scope.actions)
    return tuple(Scope(*key, tuple(sorted(wanted))) for key, wanted in actions.items())


def covered(wanted: Iterable[Scope], held: Iterable[Scope]) -> bool:
    """Whether a token for `held` is good for all of `wanted`."""
    held = tuple(held)
    return all(any(scope.covers(wish) for scope in held) for wish in wanted)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Read every challenge of every `WWW-Authenticate` header; what makes no sense is skipped."""
    found: list[Challenge] = []
    for header in headers:
        found.extend(_parse_header(header[:_LONGEST_HEADER]))
    return tuple(found)


def preferred(headers: Iterable[str]) -> Challenge | None:
    """Of the challenges the one to answer: a token is asked for rather than the password."""
    challenges = parse_challenges(headers)
    for challenge in challenges:
        if challenge.scheme == "bearer" and challenge.realm:
            return challenge
    return next((each for each in challenges if each.scheme == "basic"), None)


def _parse_header(text: str) -> list[Challenge]:
    found: list[Challenge] = []
    at = 0
    while at < len(text):
        if text[at] in " \t,":
            at += 1
            continue
        scheme = _TOKEN.match(text, at)
        if scheme is None:
            at = _next_comma(text, at)
            continue
        parameters, at = _parse_parameters(text, scheme.end())
        found.append(Challenge(scheme[0].lower(), parameters))
    return found


def _parse_parameters(text: str, at: int) -> tuple[dict[str, str], int]:
    """The parameters that follow a scheme, and where the next challenge starts."""
    parameters: dict[str, str] = {}
    token68 = _TOKEN68.match(text, _skip(text, at, " \t"))
    if token68 and text[at : at + 1] in {" ", "\t"}:
        return parameters, token68.end()
    while at < len(text):
        start = _skip(text, at, " \t,")
        name = _TOKEN.match(text, start)
        if name is None:
            return parameters, _next_comma(text, start)
        equals = _skip(text, name.end(), " \t")
        if text[equals : equals + 1] != "=":
            return parameters, start  # a token without a value is the next scheme
        value, at = _parse_value(text, _skip(text, equals + 1, " \t"))
        parameters.setdefault(name[0].lower(), value)
    return parameters, at


def _parse_value(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        token = re.compile(r"[^\s,]*").match(text, at)
        assert token is not None
        return token[0], token.end()
    at += 1
    value: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), at + 1


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def _next_comma(text: str, at: int) -> int:
    comma = text.find(",", at)
    return len(text) if comma < 0 else comma + 1
