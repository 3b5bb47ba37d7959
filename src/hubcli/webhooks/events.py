"""What Docker Hub tells a webhook: one push of one tag, as JSON that nobody has signed.

https://docs.docker.com/docker-hub/repos/manage/webhooks/ shows the payload. Whoever knows the
address can send one, so that every text in it is a stranger's; its `callback_url` is never called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubcli import jsonreading, timestamps
from hubcli.errors import UsageError
from hubcli.reference import is_tag, parse_repository

_LONGEST_NAME = 255


class Malformed(ValueError):
    """A body that is no payload of Docker Hub; the text says why, and holds none of it."""


@dataclass(frozen=True, slots=True)
class Push:
    """A tag was pushed. `content` is the body as it came, `pushed` and `received` are RFC 3339.

    Repository and tag are what the grammar of references takes, the pusher is one printable line.
    """

    repository: str
    tag: str
    pusher: str
    pushed: str | None
    received: str | None
    private: bool | None
    official: bool | None
    content: bytes

    @property
    def reference(self) -> str:
        return f"{self.repository}:{self.tag}"

    @property
    def row(self) -> dict[str, object]:
        """The fields that commands show; `payload` is all that was sent."""
        return {
            "reference": self.reference,
            "repository": self.repository,
            "tag": self.tag,
            "pusher": self.pusher,
            "pushed": self.pushed,
            "received": self.received,
            "private": self.private,
            "official": self.official,
            "payload": _document(self.content),
        }

    @property
    def environ(self) -> dict[str, str]:
        """The main fields as environment variables; what was not told is empty."""
        return {
            "HUBCLI_REFERENCE": self.reference,
            "HUBCLI_REPOSITORY": self.repository,
            "HUBCLI_TAG": self.tag,
            "HUBCLI_PUSHER": self.pusher,
            "HUBCLI_PUSHED": self.pushed or "",
        }


def read_push(content: bytes, received: str | None = None) -> Push:
    """The push that a body tells of; Malformed where it tells of none."""
    body = _object(_document(content), "the body")
    push = _object(body.get("push_data"), "push_data")
    repository = _object(body.get("repository"), "repository")
    return Push(
        repository=_repository(repository),
        tag=_tag(push.get("tag")),
        pusher=_line(push.get("pusher"), "push_data.pusher"),
        pushed=_moment(push.get("pushed_at"), "push_data.pushed_at"),
        received=received,
        private=_flag(repository.get("is_private"), "repository.is_private"),
        official=_flag(repository.get("is_official"), "repository.is_official"),
        content=content,
    )


def _document(content: bytes) -> Any:
    try:
        return jsonreading.read(content, exact=True)
    except ValueError as error:
        raise Malformed(f"the body is {error}") from None


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{where} is no JSON object")
    return value


def _repository(repository: Mapping[str, Any]) -> str:
    """`namespace/name` of a repository on Docker Hub: `repo_name`, else put together."""
    name = repository.get("repo_name")
    if name is None:
        name = f"{repository.get('namespace')}/{repository.get('name')}"
    if not isinstance(name, str):
        raise Malformed("repository.repo_name is no text")
    try:
        reference = parse_repository(name)
    except UsageError:
        raise Malformed("repository.repo_name names no repository") from None
    if not reference.on_hub or reference.path.count("/") != 1:
        raise Malformed("repository.repo_name names no repository of Docker Hub")
    return reference.path


def _tag(value: object) -> str:
    if not isinstance(value, str) or not is_tag(value):
        raise Malformed("push_data.tag is no tag")
    return value


def _line(value: object, where: str) -> str:
    """One line that can be shown, and handed on as an environment variable."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise Malformed(f"{where} is no name")
    return value


def _moment(value: object, where: str) -> str | None:
    """UNIX seconds, with a fraction perhaps; null and nothing are unknown."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise Malformed(f"{where} is no time in UNIX seconds")
    moment = timestamps.from_epoch(value) if _is_finite(value) else None
    if moment is None:
        raise Malformed(f"{where} is no time in UNIX seconds")
    return moment


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _flag(value: object, where: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"{where} is neither true nor false")
    return value
