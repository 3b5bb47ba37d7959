"""Who the user is to JFrog: the variables of its integrations, and its command line's own file.

An identity is for the platform whose address stands beside it, and for names below that one, which
are its repository keys; never for a neighbour at jfrog.io.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from hubcli.auth.credentials import Credential, Kind
from hubcli.auth.credentials.environment import home
from hubcli.auth.tokens import jwt
from hubcli.errors import CredentialFailure
from hubcli.providers.belonging import belongs
from hubcli.providers.calls import text

WHERE = "JF_ACCESS_TOKEN, or JF_USER and JF_PASSWORD, of JF_URL; `jf config`"
_FILE = "jfrog-cli.conf.v6"
_LARGEST_FILE = 4 << 20
_ANYBODY = "token"


def find(environ: Mapping[str, str], host: str) -> Credential | None:
    """The variables' identity, else that of a server which `jf config` knows."""
    if belongs(host, environ.get("JF_URL")):
        user, secret = environ.get("JF_USER", ""), environ.get("JF_PASSWORD", "")
        token = environ.get("JF_ACCESS_TOKEN", "").strip()
        found = _credential(user, token, secret, "JF_URL")
        if found is not None:
            return found
    for server in _servers(environ):
        if any(belongs(host, text(server.get(name))) for name in ("url", "artifactoryUrl")):
            user, token, secret = (
                text(server.get(name)) or "" for name in ("user", "accessToken", "password")
            )
            found = _credential(user, token, secret, "jf config")
            if found is not None:
                return found
    return None


def _credential(user: str, token: str, secret: str, source: str) -> Credential | None:
    """A token goes before a password, unless it has run out: `jf` makes short-lived ones of
    passwords."""
    expires = jwt.expiry(token)
    if token and (expires is None or expires > time.time()):
        return Credential(user or _owner(token), token, source, Kind.PAT, expires)
    return Credential.found(user, secret, source) if user and secret else None


def _owner(token: str) -> str:
    """Whom an access token was made for: the end of `jfac@…/users/NAME`; references do not tell."""
    subject = jwt.claims(token).get("sub")
    name = subject.rpartition("/")[2] if isinstance(subject, str) else ""
    return name or _ANYBODY


def _servers(environ: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    """The servers of `jf config`, the default one first; none where the file is encrypted."""
    directory = environ.get("JFROG_CLI_HOME_DIR")
    path = (Path(directory) if directory else home(".jfrog")) / _FILE
    try:
        document = json.loads(path.read_bytes()[:_LARGEST_FILE])
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise CredentialFailure(f"{path} cannot be read: {error}") from error
    servers = document.get("servers") if isinstance(document, dict) else None
    if not isinstance(servers, list) or document.get("enc"):
        return
    known = [server for server in servers if isinstance(server, dict)]
    yield from sorted(known, key=lambda server: server.get("isDefault") is not True)
