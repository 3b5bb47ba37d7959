"""People and organizations of the sandbox, their passwords and access tokens.

An organization signs in with an access token of its own only (OAT); a person with a password or a
personal access token (PAT). Both tokens are kept as fingerprints.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from hubcli import timestamps
from hubcli.sandbox import passwords
from hubcli.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hub_accounts (
  name TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  is_organization INTEGER NOT NULL DEFAULT 0,
  full_name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  company TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  joined TEXT NOT NULL,
  password TEXT,
  otp_secret TEXT,
  plan TEXT NOT NULL DEFAULT 'free',
  private_limit INTEGER NOT NULL DEFAULT 1,
  private_by_default INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_members (
  organization TEXT NOT NULL REFERENCES hub_accounts (name),
  member TEXT NOT NULL REFERENCES hub_accounts (name),
  role TEXT NOT NULL,
  PRIMARY KEY (organization, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_tokens (
  uuid TEXT PRIMARY KEY,
  owner TEXT NOT NULL REFERENCES hub_accounts (name),
  label TEXT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created TEXT NOT NULL,
  last_used TEXT,
  expires TEXT,
  is_active INTEGER NOT NULL DEFAULT 1,
  generated_by TEXT NOT NULL DEFAULT 'manual',
  address TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hub_tokens_by_owner ON hub_tokens (owner, created);
"""

UNLIMITED = 9999
"""How Hub writes "no limit" in plans and quotas."""
SEATS = {"team": 100}
"""How many people an organization's plan is for, invited ones included; others have no limit."""
PAID_PLANS = frozenset({"pro", "team", "business"})


def now() -> str:
    """The time as the Hub API writes it, always with microseconds so that it sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Scope(IntEnum):
    """What a personal access token may do, in all repositories of its owner."""

    PUBLIC_READ = 0
    READ = 1
    WRITE = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """`repo:public_read` and so on."""
        return f"repo:{self.name.lower()}"


SCOPES = {scope.label: scope for scope in Scope}


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that an organization access token reaches: a repository pattern, or the org."""

    type: str
    path: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whoever signed in, and with what: a password may do all, a token what it was made for.

    `subject` is how other parts remember the identity: the account's name, with the token's id
    behind a slash.
    """

    account: str
    token: str | None = None
    scope: Scope = Scope.ADMIN
    resources: tuple[Resource, ...] | None = None

    @property
    def subject(self) -> str:
        return self.account if self.token is None else f"{self.account}/{self.token}"

    @property
    def is_organization(self) -> bool:
        """Whether this is an organization access token."""
        return self.resources is not None

    @property
    def kind(self) -> str:
        """`password`, `pat` or `oat`."""
        if self.token is None:
            return "password"
        return "oat" if self.is_organization else "pat"


class Accounts:
    """The accounts in `database`; names are compared in lower case."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    @property
    def empty(self) -> bool:
        return self._database.row("SELECT 1 FROM hub_accounts") is None

    def add(self, name: str, *, password: str | None = None, **facts: object) -> None:
        """A new account; `facts` are columns of `hub_accounts`."""
        columns: dict[str, object] = {"id": uuid.uuid4().hex, "joined": now(), **facts}
        if password is not None:
            columns["password"] = passwords.hashed(password)
        names = ", ".join(["name", *columns])
        marks = ", ".join("?" * (len(columns) + 1))
        with self._database.transaction() as connection:
            connection.execute(
                f"INSERT INTO hub_accounts ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                (name, *columns.values()),
            )

    def find(self, name: str) -> sqlite3.Row | None:
        """The account `name`, person or organization."""
        return self._database.row("SELECT * FROM hub_accounts WHERE name = ?", (name.lower(),))

    def by_id(self, identifier: str) -> sqlite3.Row | None:
        """The account with this id (a UUID without dashes)."""
        return self._database.row("SELECT * FROM hub_accounts WHERE id = ?", (identifier,))

    def add_member(self, organization: str, member: str, role: str) -> None:
        """Make `member` an `owner`, `editor` or `member` of `organization`."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hub_members VALUES (?, ?, ?)", (organization, member, role)
            )

    def remove_member(self, organization: str, member: str) -> None:
        """Let `member` belong to `organization` no more."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM hub_members WHERE organization = ? AND member = ?",
                (organization, member),
            )

    def fill_members(self, organization: str, count: int, joined: str) -> None:
        """`count` people without a password, `dev0001` and on, as members of `organization`."""
        with self._database.transaction() as connection:
            connection.execute(
                "WITH RECURSIVE numbers (n) AS"
                " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
                " INSERT INTO hub_accounts (name, id, full_name, email, joined)"
                " SELECT printf('dev%04d', n), lower(hex(randomblob(16))), 'Developer ' || n,"
                " printf('dev%04d@example.com', n), ? FROM numbers",
                (count, joined),
            )
            connection.execute(
                "INSERT INTO hub_members SELECT ?, name, 'member' FROM hub_accounts"
                " WHERE name GLOB 'dev[0-9]*'",
                (organization,),
            )

    def role(self, organization: str, member: str) -> str | None:
        """What `member` is in `organization`; None for a stranger."""
        row = self._database.row(
            "SELECT role FROM hub_members WHERE organization = ? AND member = ?",
            (organization, member),
        )
        return None if row is None else str(row["role"])

    def organizations_of(self, member: str) -> list[sqlite3.Row]:
        """The organizations `member` belongs to, with the `role` there."""
        return self._database.rows(
            "SELECT hub_accounts.*, role FROM hub_accounts JOIN hub_members ON organization = name"
            " WHERE member = ? ORDER BY name",
            (member,),
        )

    def members_of(self, organization: str) -> list[sqlite3.Row]:
        """The people in `organization`, with their `role` there."""
        return self._database.rows(
            "SELECT hub_accounts.*, role FROM hub_accounts JOIN hub_members ON member = name"
            " WHERE organization = ? ORDER BY name",
            (organization,),
        )

    def authenticate(self, name: str, secret: str) -> Identity | None:
        """Who signs in with a password or access token; None = refused.

        The password of an account with a second factor is not enough: such an account needs an
        access token wherever no code can be given.
        """
        if secret.startswith(("dckr_pat_", "dckr_oat_")):
            return self._by_secret(name.lower(), secret)
        account = self.find(name)
        if account is None or account["otp_secret"] is not None:
            return None
        return self.by_password(name, secret)

    def by_password(self, name: str, password: str) -> Identity | None:
        """Who signs in with a password alone; a second factor is the caller's business."""
        account = self.find(name)
        if account is None or account["password"] is None:
            return None
        if not passwords.matches(password, account["password"]):
            return None
        return Identity(account["name"])

    def identity(self, subject: str) -> Identity | None:
        """The identity that `subject` means, unless its token was switched off or ran out."""
        name, _, token = subject.partition("/")
        if token:
            return self._usable(self.token(name, token))
        return None if self.find(name) is None else Identity(name)

    def _by_secret(self, name: str, secret: str) -> Identity | None:
        row = self._database.row(
            "SELECT * FROM hub_tokens WHERE owner = ? AND fingerprint = ?",
            (name, passwords.fingerprint(secret)),
        )
        identity = self._usable(row)
        if identity is not None:
            self._change_token(name, str(identity.token), last_used=now())
        return identity

    @staticmethod
    def _usable(token: sqlite3.Row | None) -> Identity | None:
        if token is None or not token["is_active"] or is_over(token["expires"]):
            return None
        scopes = json.loads(token["scopes"])
        if token["generated_by"] == "organization":
            resources = tuple(
                Resource(each["type"], each["path"], frozenset(each["scopes"])) for each in scopes
            )
            return Identity(token["owner"], token["uuid"], resources=resources)
        strongest = max((SCOPES[scope] for scope in scopes), default=Scope.PUBLIC_READ)
        return Identity(token["owner"], token["uuid"], strongest)

    def add_token(
        self,
        owner: str,
        label: str,
        scopes: Sequence[str | Mapping[str, object]],
        *,
        kind: str = "pat",
        **facts: object,
    ) -> tuple[str, str]:
        """A new access token of `kind` `pat` or `oat`: its id, and the secret that is shown once.

        The scopes of a PAT are labels, those of an OAT resources as the Hub API writes them.
        """
        secret = f"dckr_{kind}_{secrets.token_urlsafe(20)}"
        columns: dict[str, object] = {
            "uuid": str(uuid.uuid4()),
            "owner": owner,
            "label": label,
            "fingerprint": passwords.fingerprint(secret),
            "generated_by": "organization" if kind == "oat" else "manual",
            "scopes": json.dumps(scopes),
            "created": now(),
            **facts,
        }
        with self._database.transaction() as connection:
            connection.execute(
                f"INSERT INTO hub_tokens ({', '.join(columns)})"  # noqa: S608 - our own names
                f" VALUES ({', '.join('?' * len(columns))})",
                tuple(columns.values()),
            )
        return str(columns["uuid"]), secret

    def tokens(self, owner: str) -> list[sqlite3.Row]:
        """The access tokens of `owner`, newest first."""
        return self._database.rows(
            "SELECT * FROM hub_tokens WHERE owner = ? ORDER BY created DESC", (owner,)
        )

    def token(self, owner: str, identifier: str) -> sqlite3.Row | None:
        """One access token of `owner`."""
        return self._database.row(
            "SELECT * FROM hub_tokens WHERE owner = ? AND uuid = ?", (owner, identifier)
        )

    def change_token(self, owner: str, identifier: str, label: str, is_active: bool) -> None:
        """Rename a token, or switch it on or off."""
        self._change_token(owner, identifier, label=label, is_active=is_active)

    def change_scopes(
        self, owner: str, identifier: str, scopes: Sequence[str | Mapping[str, object]]
    ) -> None:
        """Let a token reach something else."""
        self._change_token(owner, identifier, scopes=json.dumps(scopes))

    def _change_token(self, owner: str, identifier: str, **facts: object) -> None:
        changes = ", ".join(f"{name} = ?" for name in facts)
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE hub_tokens SET {changes} WHERE owner = ? AND uuid = ?",  # noqa: S608
                (*facts.values(), owner, identifier),
            )

    def remove_token(self, owner: str, identifier: str) -> None:
        """Forget a token for good."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM hub_tokens WHERE owner = ? AND uuid = ?", (owner, identifier)
            )


def is_over(expires: str | None) -> bool:
    """Whether the time `expires` has passed; None never does."""
    moment = timestamps.parse(expires)
    return moment is not None and moment.timestamp() <= time.time()
