"""Robots of Quay that are federated: whoever has a token of their OIDC issuer gets one of theirs.

Quay's documentation of "Keyless authentication with robot accounts": GET
`/oauth2/federation/robot/token` with the robot's name and the OIDC token as Basic authentication
answers with a password of the robot, which is good for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.tokens import jwt
from hubcli.auth.tokens.fixed import FixedAuthorizer
from hubcli.config import Endpoint
from hubcli.errors import Denied, NotSignedIn, Unavailable
from hubcli.http.client import Client
from hubcli.providers.calls import Api, text

WHERE = "QUAY_ROBOT and QUAY_OIDC_TOKEN"
_ROUTE = "/oauth2/federation/robot/token"


def named(environ: Mapping[str, str]) -> Credential | None:
    """The robot in the environment, with the token of its issuer."""
    robot = environ.get("QUAY_ROBOT", "").strip()
    token = environ.get("QUAY_OIDC_TOKEN", "").strip()
    return Credential(robot, token, "QUAY_OIDC_TOKEN", Kind.ROLE) if robot and token else None


def is_foreign(credential: Credential) -> bool:
    """Whether it is a robot's name beside a token that an OIDC issuer has signed.

    Quay's own tokens are no JWTs, or have no issuer with an address.
    """
    issuer = jwt.claims(credential.secret).get("iss")
    is_address = isinstance(issuer, str) and issuer.startswith("https://")
    return "+" in credential.username and is_address


def exchanged(http: Client, url: str, endpoint: Endpoint, foreign: Credential) -> Credential:
    """The robot's own password for an OIDC token; NotSignedIn where that is refused."""
    authorizer = FixedAuthorizer(lambda: foreign, bearer=False)
    api = Api(http, url, endpoint.host, authorizer, endpoint=endpoint)
    try:
        answer = api.get(_ROUTE).object()
    except (NotSignedIn, Denied) as error:
        raise NotSignedIn(
            f"{endpoint.host} takes no such OIDC token for the robot {foreign.username}:"
            f" {error.reason}"
        ) from error
    secret = text(answer.get("token"))
    if secret is None or not secret.isascii() or not secret.isprintable():
        raise Unavailable(f"{endpoint.host} answers without a token for the robot")
    return Credential(foreign.username, secret, foreign.source, foreign.kind, jwt.expiry(secret))
