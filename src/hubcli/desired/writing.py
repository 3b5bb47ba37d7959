"""Writing an organization as a document: YAML that needs no package to be written, or plain data.

Every text that could be taken for something else stands in double quotes, in which YAML knows
JSON's escapes; so hostile names and descriptions come back as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hubcli.desired.organization import OWNERS, Invite, Organization, Repository

Plain = str | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What YAML, JSON and TOML have in common, as far as a document needs it."""

_BARE = re.compile(r"[a-z][a-z0-9_.-]*(?:/[a-z0-9_.-]+)*")
# Words that YAML 1.1 takes for truth values or nothing.
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def plain(
    organization: Organization,
    invites: Mapping[str, Invite],
    overviews: Mapping[str, str],
) -> Mapping[str, Plain]:
    """The document of an organization; who is invited is among its members.

    `overviews` are the paths of the files with them, by repository.
    """
    document: dict[str, Plain] = {"organization": organization.name}
    if organization.teams is not None:
        document["teams"] = _teams(organization, invites)
    if organization.members is not None:
        invited = {person: invite.role for person, invite in invites.items()}
        document["members"] = {**organization.members, **invited}
    if organization.repositories is not None:
        document["repositories"] = {
            name: _repository(repository, overviews.get(name))
            for name, repository in organization.repositories.items()
        }
    return document


def _teams(organization: Organization, invites: Mapping[str, Invite]) -> dict[str, Plain]:
    teams: dict[str, Plain] = {}
    for name, team in (organization.teams or {}).items():
        told: dict[str, Plain] = {}
        if team.description:
            told["description"] = team.description
        if team.members is not None and name != OWNERS:
            invited = [person for person, invite in invites.items() if invite.team == name]
            told["members"] = [*team.members, *invited]
        teams[name] = told
    return teams


def _repository(repository: Repository, overview: str | None) -> Mapping[str, Plain]:
    told: dict[str, Plain] = {
        "description": repository.description,
        "overview": overview,
        "visibility": repository.visibility,
        "categories": repository.categories,
        "immutable_tags": repository.immutable_tags,
        "teams": repository.teams,
        "webhooks": repository.webhooks,
    }
    return {key: value for key, value in told.items() if value is not None}


def to_yaml(document: Mapping[str, Plain]) -> str:
    """`document` as YAML, ended by a newline; its sections have an empty line between them."""
    sections = ("".join(f"{line}\n" for line in _lines({key: document[key]})) for key in document)
    return "\n".join(sections)


def _lines(mapping: Mapping[str, Plain], indent: str = "") -> Iterator[str]:
    for key, value in mapping.items():
        name = f"{indent}{_text(key)}:"
        if isinstance(value, Mapping) and value:
            yield name
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{name} {_flow(value)}"


def _flow(value: Plain) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    return f"[{', '.join(map(_flow, value))}]"


def _text(text: str) -> str:
    """A scalar that every reader of YAML takes for this text."""
    if _BARE.fullmatch(text) and text not in _WORDS:
        return text
    return f'"{"".join(_escaped(character) for character in text)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
