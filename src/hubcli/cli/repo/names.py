"""Names of repositories as they are typed, and what they mean where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcli.errors import NotSignedIn, Unsupported, UsageError
from hubcli.reference import HUB, Reference, parse_repository

if TYPE_CHECKING:
    from hubcli.session import Session


def on_hub(text: str, action: str, why_not: str, instead: str | None = None) -> Reference:
    """The repository on Docker Hub that `text` names.

    Unsupported on any other host, with `why_not` and the command `instead`, in which `{name}`
    stands for the repository; UsageError for a name of more than two parts.
    """
    reference = parse_repository(text)
    if not reference.on_hub:
        raise Unsupported(
            why_not.format(host=reference.host),
            action=action,
            reference=reference.name,
            hint=instead and instead.format(name=reference.name),
        )
    if reference.path.count("/") != 1:
        raise UsageError(
            "a repository of Docker Hub is NAMESPACE/NAME", action=action, reference=reference.name
        )
    return reference


def is_one_part(text: str) -> bool:
    """Whether `text` names a repository of Docker Hub without its namespace."""
    reference = parse_repository(text)
    return reference.on_hub and reference.namespace == "library" and "library/" not in text


def refuse_one_part(text: str, session: Session, verb: str, words: str = "{name}") -> None:
    """UsageError where `text` has no namespace: `repo <verb>` hardly means `library/NAME`.

    The hint has the whole name in the place of `{name}` among the command's `words`.
    """
    if not is_one_part(text):
        return
    namespace = known_namespace(session) or "NAMESPACE"
    name = parse_repository(text).basename
    raise UsageError(
        "its namespace is missing",
        action=verb,
        reference=name,
        hint=f"hubcli repo {verb} {words.format(name=f'{namespace}/{name}')}",
    )


def known_namespace(session: Session) -> str | None:
    """The configured namespace, else the user name of the credential, if it is one."""
    if session.settings.defaults.namespace:
        return session.settings.defaults.namespace.lower()
    if session.keychain.token is not None:
        return None  # a ready token belongs to whoever it belongs to
    credential = session.keychain.find(HUB)
    if credential is None or "@" in credential.username or credential.username.startswith("<"):
        return None
    return credential.username.lower() or None


def own_namespace(session: Session) -> str:
    """Where one's own repositories are; NotSignedIn where that is nowhere.

    Who signs in with an email address or a ready token is asked for at Docker Hub.
    """
    namespace = known_namespace(session)
    if namespace is not None:
        return namespace
    if session.keychain.token is None and session.keychain.find(HUB) is None:
        raise NotSignedIn("nobody is signed in to Docker Hub", hint="hubcli login")
    return str(session.hub.account.own()["name"]).lower()
