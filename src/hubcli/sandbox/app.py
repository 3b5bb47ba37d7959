"""The whole sandbox as one ASGI application: the Hub API, the registry and its token server."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hubcli.sandbox.accounts import Accounts
from hubcli.sandbox.auditlog import AuditLog
from hubcli.sandbox.builds import Builds
from hubcli.sandbox.collaborators import Collaborators
from hubcli.sandbox.deliveries import Deliveries
from hubcli.sandbox.faults import FaultInjection
from hubcli.sandbox.hub.auditlog import AuditLogRoutes
from hubcli.sandbox.hub.builds import BuildRoutes
from hubcli.sandbox.hub.calls import Gateway
from hubcli.sandbox.hub.collaborators import CollaboratorRoutes
from hubcli.sandbox.hub.devices import Devices
from hubcli.sandbox.hub.grants import GrantRoutes
from hubcli.sandbox.hub.invites import InviteRoutes
from hubcli.sandbox.hub.limits import ApiLimits
from hubcli.sandbox.hub.logins import Logins
from hubcli.sandbox.hub.members import MemberRoutes
from hubcli.sandbox.hub.organization_tokens import OrganizationTokenRoutes
from hubcli.sandbox.hub.organizations import OrganizationRoutes
from hubcli.sandbox.hub.people import PeopleRoutes
from hubcli.sandbox.hub.personal_tokens import PersonalTokenRoutes
from hubcli.sandbox.hub.repositories import RepositoryRoutes
from hubcli.sandbox.hub.scim import ScimRoutes
from hubcli.sandbox.hub.search import SearchRoutes
from hubcli.sandbox.hub.sessions import LIFETIME, Sessions
from hubcli.sandbox.hub.settings import SettingsRoutes
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.hub.tags import TagRoutes
from hubcli.sandbox.hub.teams import TeamRoutes
from hubcli.sandbox.hub.webhooks import WebhookRoutes
from hubcli.sandbox.hubaccess import HubAccess
from hubcli.sandbox.invites import Invites
from hubcli.sandbox.organizations import LARGE, SCIM_TOKEN, OrganizationSeeding
from hubcli.sandbox.orgsettings import OrganizationSettings
from hubcli.sandbox.permissions import Permissions
from hubcli.sandbox.records import IDENTITY_PATH
from hubcli.sandbox.registry import registry_routes
from hubcli.sandbox.repositories import Repositories
from hubcli.sandbox.requestlog import RequestLog
from hubcli.sandbox.scim import ScimPeople
from hubcli.sandbox.seed import seed
from hubcli.sandbox.storage import Storage
from hubcli.sandbox.teams import Teams
from hubcli.sandbox.tokens import LIFETIME as TOKEN_LIFETIME
from hubcli.sandbox.tokens import TokenMint
from hubcli.sandbox.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox behaves; without `data` it lives in memory. Lifetimes are in seconds."""

    data: Path | None = None
    session_lifetime: float = LIFETIME
    token_lifetime: int = TOKEN_LIFETIME
    device_interval: float = 1
    enforce_pull_limit: bool = False
    catalog: bool = False


class Sandbox:
    """A seeded Docker Hub and its registry; `app` serves them, the parts are there for tests.

    `id` is random: it tells this sandbox from another that came to be on the same port.
    """

    def __init__(self, settings: Settings) -> None:
        self.id = secrets.token_hex(8)
        self.storage = Storage(settings.data)
        database = self.storage.database
        self.accounts = Accounts(database)
        self.repositories = Repositories(database)
        self.teams = Teams(database, self.accounts)
        self.invites = Invites(database)
        self.audit = AuditLog(database)
        self.settings = OrganizationSettings(database)
        organizations = OrganizationSeeding(
            self.accounts, self.repositories, self.teams, self.invites, self.audit
        )
        seed(self.storage, self.accounts, self.repositories, organizations)
        self.collaborators = Collaborators(database)
        self.scim = ScimPeople(database, self.accounts, self.teams)
        self.scim.connect(LARGE, SCIM_TOKEN)
        self.builds = Builds(database)
        self.builds.seed(self.repositories)
        self.webhooks = Webhooks(database)
        self.deliveries = Deliveries(self.webhooks, self.repositories)
        self.permissions = Permissions(self.accounts, self.teams, self.collaborators)
        self.access = HubAccess(
            self.accounts,
            self.repositories,
            self.permissions,
            self.storage,
            self.webhooks,
            self.deliveries,
            enforce_pull_limit=settings.enforce_pull_limit,
            catalog=settings.catalog,
        )
        self.sessions = Sessions(
            self.accounts, database.secret("hub-sessions"), settings.session_lifetime
        )
        self.mint = TokenMint(database.secret("registry"), lifetime=settings.token_lifetime)
        self.app = self._application(settings)

    def close(self) -> None:
        """Let go of all files, and send no more to webhooks."""
        self.deliveries.close()
        self.storage.close()

    def _application(self, settings: Settings) -> ASGIApp:
        application = Starlette(
            routes=[
                Route(IDENTITY_PATH, self._identity),
                *self._hub_routes(settings),
                *registry_routes(self.storage, self.access, self.mint),
            ],
            exception_handlers={HTTPException: _unrouted},
        )
        # A Hub's path with and without a slash are two routes; a redirect would drop a body.
        application.router.redirect_slashes = False
        return RequestLog(FaultInjection(application))

    def _hub_routes(self, settings: Settings) -> list[Route]:
        gateway = Gateway(self.sessions, ApiLimits())
        hub = Hub(
            self.accounts,
            self.repositories,
            self.permissions,
            self.storage,
            self.teams,
            self.invites,
            self.audit,
            self.settings,
            self.webhooks,
            self.collaborators,
            self.builds,
        )
        return [
            route
            for part in (
                Logins(self.accounts, self.sessions),
                Devices(self.accounts, self.sessions, settings.device_interval),
                PeopleRoutes(hub),
                OrganizationRoutes(hub),
                MemberRoutes(hub),
                InviteRoutes(hub),
                TeamRoutes(hub),
                GrantRoutes(hub),
                AuditLogRoutes(hub),
                PersonalTokenRoutes(hub),
                OrganizationTokenRoutes(hub),
                SearchRoutes(hub),
                SettingsRoutes(hub),
                RepositoryRoutes(hub),
                TagRoutes(hub),
                WebhookRoutes(hub),
                CollaboratorRoutes(hub),
                BuildRoutes(hub),
                ScimRoutes(hub, self.scim),
            )
            for route in part.routes(gateway)
        ]

    def _identity(self, _: Request) -> Response:
        return JSONResponse({"id": self.id})


def _unrouted(_: Request, error: Exception) -> Response:
    """What Hub says to a path, or a method, that it does not have (any more)."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = "Page Not Found" if status == 404 else "Method Not Allowed"
    return JSONResponse({"message": f"{status}: {reason}", "errinfo": {}}, status)
