"""Writing an organization as a document: plain data, to be written in whichever way."""

from __future__ import annotations

from collections.abc import Mapping

from hubcli.desired.organization import OWNERS, Invite, Organization, Repository
from hubcli.documents.writing import Plain


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
