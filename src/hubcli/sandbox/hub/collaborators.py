"""Collaborators in the Hub API: those whom a person lets push; organizations have teams."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubcli.sandbox.hub.answers import invalid, message, not_found, paged
from hubcli.sandbox.hub.calls import Call, Gateway
from hubcli.sandbox.hub.repositories import NEW, OLD
from hubcli.sandbox.hub.state import Hub
from hubcli.sandbox.repositories import HubRepository


class CollaboratorRoutes:
    """The endpoints below a repository's `collaborators`; its owner's business."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self, gateway: Gateway) -> list[Route]:
        routes = []
        for prefix, legacy in ((NEW, False), (OLD, True)):
            every = f"{prefix}/{{repository}}/collaborators"
            routes += gateway.route("GET", every, self.listing, legacy=legacy)
            routes += gateway.route("POST", every, self.add, legacy=legacy)
            routes += gateway.route("DELETE", f"{every}/{{user}}", self.remove, legacy=legacy)
        return routes

    def listing(self, call: Call) -> Response:
        """A page of them."""
        users = self._hub.collaborators.of(self._owned(call).id)
        return paged(
            call.request, len(users), lambda page: [{"user": user} for user in page.of(users)]
        )

    def add(self, call: Call) -> Response:
        """Somebody who was none."""
        repository, user = self._owned(call), call.body().text("user").lower()
        account = self._hub.accounts.find(user)
        if account is None or account["is_organization"]:
            raise invalid("user", f"Object with username={user} does not exist.")
        if user == repository.namespace:
            raise invalid("user", "The owner of a repository cannot be its collaborator.")
        if not self._hub.collaborators.add(repository.id, user):
            raise invalid("user", f"{user} is a collaborator already.")
        return JSONResponse({"user": user}, 201)

    def remove(self, call: Call) -> Response:
        """Somebody who is none any more."""
        repository = self._owned(call)
        if not self._hub.collaborators.remove(repository.id, call.part("user").lower()):
            raise not_found("collaborator not found")
        return Response(status_code=204)

    def _owned(self, call: Call) -> HubRepository:
        repository = self._hub.administered(call, "scope-repository-admin")
        account = self._hub.accounts.find(repository.namespace)
        if account is None or account["is_organization"]:
            raise message(400, "repositories of organizations have teams, not collaborators")
        return repository
