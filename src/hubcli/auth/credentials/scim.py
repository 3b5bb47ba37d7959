"""The SCIM token of an organization: no credential for any host, and never mistaken for one."""

from __future__ import annotations

from hubcli.auth.credentials.credential import Credential, Kind
from hubcli.auth.credentials.keychain import own_keyring
from hubcli.config import Settings
from hubcli.errors import CredentialFailure, UsageError

_VARIABLE = "HUBCLI_SCIM_TOKEN"
_LONGEST = 4096
_WAYS_OUT = f"--token-stdin takes the token from stdin, {_VARIABLE} from the environment"


class ScimTokens:
    """Where the token for the SCIM routes of one Hub API is found, and kept.

    The entry in the keyring is called after the Hub API: no other is ever shown the token. A
    keyring that cannot be used is a CredentialFailure that names the ways around it.
    """

    def __init__(self, settings: Settings) -> None:
        self._environ = settings.environ
        self._keyring = own_keyring(settings)
        self._name = f"SCIM token for {settings.hub_url}"

    def find(self) -> Credential | None:
        """The token of the environment, else of the keyring."""
        given = self._environ.get(_VARIABLE)
        if given:
            return scim_token(given, f"the environment: {_VARIABLE}")
        try:
            kept = self._keyring.secret(self._name)
        except CredentialFailure as failure:
            raise _with_ways_out(failure) from None
        return None if kept is None else scim_token(kept, self._keyring.name)

    def ready(self) -> None:
        """Fail now where `keep` is going to, before anybody is asked for a token."""
        try:
            self._keyring.ready(self._name)
        except CredentialFailure as failure:
            raise _with_ways_out(failure) from None

    def keep(self, token: Credential) -> str:
        """Put a token in the place of any other; where it is kept."""
        self._keyring.put_secret(self._name, token.secret)
        return self._keyring.name

    def forget(self) -> bool:
        """Forget the token in the keyring; False where there is none."""
        return self._keyring.remove_secret(self._name)

    @property
    def is_overruled(self) -> bool:
        """Whether the environment has a token, which goes before one that is kept."""
        return bool(self._environ.get(_VARIABLE))


def scim_token(secret: str, source: str = "") -> Credential:
    """A token that was found or given; UsageError for text that no token consists of."""
    if not secret or len(secret) > _LONGEST or not secret.isascii() or not secret.isprintable():
        raise UsageError("that is no SCIM token: it is one line of ASCII characters")
    if any(character.isspace() for character in secret):
        raise UsageError("that is no SCIM token: there is white space in it")
    return Credential("", secret, source, Kind.TOKEN)


def _with_ways_out(failure: CredentialFailure) -> CredentialFailure:
    failure.reason = f"the keyring: {failure.reason}"
    failure.hint = _WAYS_OUT
    return failure
