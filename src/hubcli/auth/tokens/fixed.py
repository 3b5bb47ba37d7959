"""Authorization for an API that takes the same header with every request."""

from __future__ import annotations

from collections.abc import Callable

from hubcli.auth.credentials import Credential


class FixedAuthorizer:
    """Implements `http.client.Authorizer`: a bearer token or Basic, and no second try.

    `credential` is asked for it each time, for it may run out; without one, nothing is sent.
    """

    def __init__(self, credential: Callable[[], Credential | None], *, bearer: bool) -> None:
        self._credential = credential
        self._bearer = bearer

    def header(self, scopes: tuple[str, ...]) -> str | None:  # noqa: ARG002 - of the protocol
        credential = self._credential()
        return None if credential is None else self._value(credential)

    def challenged(
        self,
        scopes: tuple[str, ...],  # noqa: ARG002
        challenges: tuple[str, ...],  # noqa: ARG002
        sent: str | None,  # noqa: ARG002
    ) -> str | None:
        return None

    def _value(self, credential: Credential) -> str:
        return f"Bearer {credential.secret}" if self._bearer else credential.basic


class BareAuthorizer(FixedAuthorizer):
    """The secret as it is, for a header that has a name of its own (`Request.carrier`)."""

    def __init__(self, credential: Callable[[], Credential | None]) -> None:
        super().__init__(credential, bearer=False)

    def _value(self, credential: Credential) -> str:
        return credential.secret
