"""A plain client of the Hub API: what it sends is written by hand, what comes back is not read."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

from hubcli.sandbox.seed import PASSWORD


class HubClient:
    """`hub("GET", "/v2/user/", by="alice")`; sessions are made when they are first needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        # There is no TLS here, and httpx would read all the system's certificates for it.
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=False)
        self._sessions: dict[tuple[str, str], str] = {}

    def __enter__(self) -> HubClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def __call__(
        self,
        method: str,
        path: str,
        *,
        by: str | None = None,
        secret: str = PASSWORD,
        token: str | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request, signed in as `by`, or with a bearer token, or anonymously."""
        if by is not None:
            token = self.session(by, secret)
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        headers |= options.pop("headers", {})
        return self._client.request(method, path, headers=headers, **options)

    def session(self, identifier: str, secret: str = PASSWORD) -> str:
        """A bearer token for an account and its password or access token."""
        key = (identifier, secret)
        if key not in self._sessions:
            answer = self("POST", "/v2/auth/token", json={"identifier": key[0], "secret": key[1]})
            assert answer.status_code == 200, answer.text
            self._sessions[key] = answer.json()["access_token"]
        return self._sessions[key]

    def registry(
        self, method: str, path: str, repository: str, by: tuple[str, str] | None = None
    ) -> httpx.Response:
        """Send a request to the registry, with a token for all actions in `repository`."""
        answer = self._client.get(
            "/token",
            params={
                "service": "registry.docker.io",
                "scope": f"repository:{repository}:pull,push,delete",
            },
            auth=by,
        )
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        return self._client.request(method, f"/v2/{repository}/{path}", headers=headers)

    def access_token(self, by: str, *scopes: str, **facts: Any) -> dict[str, Any]:
        """Make a personal access token; the answer, with its secret as `token`."""
        body = {"token_label": "made by a test", "scopes": list(scopes), **facts}
        answer = self("POST", "/v2/access-tokens", by=by, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made
