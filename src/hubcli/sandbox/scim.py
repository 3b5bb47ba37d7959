"""People of the sandbox's organizations as their identity provider manages them: SCIM.

Whoever is a member is an active user; whoever was deactivated belongs to the organization no more,
and can be activated again. Each organization's tokens are kept as fingerprints.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import uuid
from collections.abc import Mapping

from hubcli.sandbox import passwords
from hubcli.sandbox.accounts import Accounts, now
from hubcli.sandbox.database import Database
from hubcli.sandbox.teams import Teams

COMPANY = "company"
"""The team that people are put into who are created by SCIM."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_scim_tokens (
  fingerprint TEXT PRIMARY KEY,
  organization TEXT NOT NULL REFERENCES hub_accounts (name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_scim_people (
  organization TEXT NOT NULL REFERENCES hub_accounts (name),
  member TEXT NOT NULL REFERENCES hub_accounts (name),
  given TEXT,
  family TEXT,
  modified TEXT NOT NULL,
  PRIMARY KEY (organization, member)
) WITHOUT ROWID;
"""
_PEOPLE = """
SELECT hub_accounts.*, given, family, coalesce(modified, joined) AS modified,
  hub_members.member IS NOT NULL AS active
FROM hub_accounts
LEFT JOIN hub_members ON hub_members.member = name AND hub_members.organization = :organization
LEFT JOIN hub_scim_people
  ON hub_scim_people.member = name AND hub_scim_people.organization = :organization
WHERE (hub_members.member IS NOT NULL OR hub_scim_people.member IS NOT NULL)
"""


class Exists(Exception):
    """The organization has somebody with that address already."""


class ScimPeople:
    """The users of SCIM by organization; a change of one is a change of its members."""

    def __init__(self, database: Database, accounts: Accounts, teams: Teams) -> None:
        self._database = database
        self._accounts = accounts
        self._teams = teams
        database.create(_SCHEMA)

    def connect(self, organization: str, token: str | None = None) -> str:
        """A token for the SCIM routes, which are about `organization` with it."""
        token = token or secrets.token_urlsafe(24)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hub_scim_tokens"
                " SELECT ?, name FROM hub_accounts WHERE name = ?",
                (passwords.fingerprint(token), organization),
            )
        return token

    def organization(self, token: str) -> str | None:
        """Whose token it is; None for one that is nobody's."""
        row = self._database.row(
            "SELECT organization FROM hub_scim_tokens WHERE fingerprint = ?",
            (passwords.fingerprint(token),),
        )
        return None if row is None else str(row["organization"])

    def all(self, organization: str) -> list[sqlite3.Row]:
        """Accounts with `given`, `family`, `modified` and `active`, by address."""
        return self._database.rows(
            f"{_PEOPLE} ORDER BY email, name",  # our own text
            {"organization": organization},
        )

    def find(self, organization: str, identifier: str) -> sqlite3.Row | None:
        """The one with this UUID."""
        try:
            plain = uuid.UUID(identifier).hex
        except ValueError:
            return None
        return self._database.row(
            f"{_PEOPLE} AND id = :id", {"organization": organization, "id": plain}
        )

    def create(self, organization: str, address: str, name: Mapping[str, str]) -> str:
        """Let the person with that address in, who may have to be made first; the id. Exists."""
        with self._database.transaction():
            known = self._database.row(
                "SELECT name, id FROM hub_accounts WHERE email = ? COLLATE NOCASE", (address,)
            )
            if known is None:
                member = self._free_name(address)
                full_name = " ".join(filter(None, (name.get("given"), name.get("family"))))
                self._accounts.add(member, email=address, full_name=full_name)
                known = self._accounts.find(member)
                assert known is not None
            if self.find(organization, known["id"]) is not None:
                raise Exists
            self._teams.set_role(organization, known["name"], "member")
            if self._teams.find(organization, COMPANY) is None:
                self._teams.create(organization, COMPANY, "Everybody")
            company = self._teams.find(organization, COMPANY)
            assert company is not None
            self._teams.add(company, known["name"])
            self._note(organization, known["name"], name)
        return str(known["id"])

    def update(
        self, organization: str, person: sqlite3.Row, name: Mapping[str, str], active: bool
    ) -> None:
        """Another name, as far as one is given, and in the organization or not; LastOwner."""
        with self._database.transaction():
            if active and not person["active"]:
                self._teams.set_role(organization, person["name"], "member")
            elif person["active"] and not active:
                self._teams.expel(organization, person["name"])
            before = {part: person[part] for part in ("given", "family") if person[part]}
            self._note(organization, person["name"], {**before, **name})

    def _note(self, organization: str, member: str, name: Mapping[str, str]) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hub_scim_people VALUES (?, ?, ?, ?, ?)",
                (organization, member, name.get("given"), name.get("family"), now()),
            )

    def _free_name(self, address: str) -> str:
        """A Docker ID from the first part of an address."""
        stem = re.sub(r"[^a-z0-9]", "", address.partition("@")[0].lower())[:20] or "user"
        name, number = stem, 1
        while self._accounts.find(name) is not None:
            number += 1
            name = f"{stem}{number}"
        return name
