"""What a registry cannot do, in one line, with what can be done there instead."""

from __future__ import annotations

from collections.abc import Mapping

from hubcli.errors import Unsupported
from hubcli.providers.provider import Provider, Refusal

_USUAL: Mapping[str, Refusal] = {
    "repo create": (
        "{host} creates a repository when something is pushed to it",
        "hubcli push SOURCE {name}",
    ),
    "repo inspect": ("{host} tells nothing of a repository but its tags", "hubcli tag ls {name}"),
    "repo edit": ("{host} keeps nothing of a repository that could be edited", None),
    "repo rm": (
        "{host} cannot delete a repository, only what is in it",
        "hubcli tag rm '{name}:*'",
    ),
    "tag ls --untagged": (
        "{host} lists tags only; what has none is for its own garbage collection",
        "hubcli tag ls {name} --aliases",
    ),
    "tag undelete": ("{host} does not bring back what was deleted", None),
    "search": ("it has no search that hubcli knows", "hubcli repo ls {host} --filter '*{words}*'"),
}


def refusal(
    provider: Provider, command: str, host: str, action: str, name: str, words: str = ""
) -> Unsupported:
    """Why `command` is not for this host; `name` is what it was to be done to."""
    reason, hint = provider.refusals.get(command) or _USUAL[command]
    facts = {"host": host, "name": name, "words": words}
    return Unsupported(
        reason.format(**facts), action=action, reference=name, hint=hint and hint.format(**facts)
    )
