"""Authorization for SCIM in the Hub API: a bearer token of its own, which is no JWT of Hub's."""

from __future__ import annotations

from hubcli.auth.credentials import Credential
from hubcli.errors import NotSignedIn


class ScimAuthorizer:
    """Implements `http.client.Authorizer` for the routes of SCIM, and for no others."""

    def __init__(self, token: Credential) -> None:
        self._token = token

    def header(self, scopes: tuple[str, ...]) -> str | None:  # noqa: ARG002 - the interface's
        return f"Bearer {self._token.secret}"

    def challenged(
        self,
        scopes: tuple[str, ...],  # noqa: ARG002 - the interface's
        challenges: tuple[str, ...],  # noqa: ARG002 - Hub's say nothing
        sent: str | None,  # noqa: ARG002 - there is only one
    ) -> str | None:
        """There is no second try: NotSignedIn that says which token was refused."""
        source = f" ({self._token.source})" if self._token.source else ""
        raise NotSignedIn(
            f"Docker Hub refuses the SCIM token{source}; it comes from the SSO connection of the"
            " organization",
            hint="hubcli scim login",
        )
