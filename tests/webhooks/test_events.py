"""Payloads of webhooks: what Docker shows, and what a stranger may send instead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hubcli.webhooks import Malformed, read_push

# As Docker's page on webhooks shows it, with the longer texts cut.
DOCUMENTED: dict[str, Any] = {
    "callback_url": "https://registry.hub.docker.com/u/svendowideit/testhook/hook/2141b5bi5i5b02/",
    "push_data": {"pushed_at": 1417566161, "pusher": "trustedbuilder", "tag": "latest"},
    "repository": {
        "comment_count": 0,
        "date_created": 1417494799,
        "description": "",
        "dockerfile": "FROM ubuntu\n",
        "full_description": "Docker Hub based automated build from a GitHub repo",
        "is_official": False,
        "is_private": True,
        "is_trusted": True,
        "name": "testhook",
        "namespace": "svendowideit",
        "owner": "svendowideit",
        "repo_name": "svendowideit/testhook",
        "repo_url": "https://registry.hub.docker.com/u/svendowideit/testhook/",
        "star_count": 0,
        "status": "Active",
    },
}


def changed(part: str, **members: Any) -> bytes:
    """The documented payload with other members of one of its objects."""
    return json.dumps({**DOCUMENTED, part: {**DOCUMENTED[part], **members}}).encode()


def without(part: str, member: str) -> bytes:
    rest = {name: value for name, value in DOCUMENTED[part].items() if name != member}
    return json.dumps({**DOCUMENTED, part: rest}).encode()


def test_the_documented_payload_is_read() -> None:
    content = json.dumps(DOCUMENTED).encode()
    push = read_push(content, "2026-11-24T10:00:00Z")
    assert push.row == {
        "reference": "svendowideit/testhook:latest",
        "repository": "svendowideit/testhook",
        "tag": "latest",
        "pusher": "trustedbuilder",
        "pushed": "2014-12-03T00:22:41Z",
        "received": "2026-11-24T10:00:00Z",
        "private": True,
        "official": False,
        "payload": DOCUMENTED,
    }
    assert push.content == content
    assert push.environ == {
        "HUBCLI_REFERENCE": "svendowideit/testhook:latest",
        "HUBCLI_REPOSITORY": "svendowideit/testhook",
        "HUBCLI_TAG": "latest",
        "HUBCLI_PUSHER": "trustedbuilder",
        "HUBCLI_PUSHED": "2014-12-03T00:22:41Z",
    }


def test_seconds_may_have_a_fraction() -> None:
    assert read_push(changed("push_data", pushed_at=1.417566822e09)).pushed == (
        "2014-12-03T00:33:42Z"
    )


@pytest.mark.parametrize(
    "content", [without("push_data", "pushed_at"), changed("push_data", pushed_at=None)]
)
def test_the_time_may_be_unknown(content: bytes) -> None:
    push = read_push(content)
    assert push.pushed is None
    assert push.environ["HUBCLI_PUSHED"] == ""


def test_a_name_is_put_together_where_the_whole_is_missing() -> None:
    assert read_push(without("repository", "repo_name")).repository == "svendowideit/testhook"


def test_official_images_are_in_library() -> None:
    assert read_push(changed("repository", repo_name="alpine")).repository == "library/alpine"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b'{"push_data": [], "repository": {}}',
        b"[" * 100_000,
        b'{"push_data": {}, "repository": {}, "x": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5000 + b"}",
        without("push_data", "tag"),
        without("push_data", "pusher"),
        changed("push_data", tag="../../etc/passwd"),
        changed("push_data", tag="-rf"),
        changed("push_data", tag="a b"),
        changed("push_data", tag="a\nb"),
        changed("push_data", tag="latest\n"),
        changed("push_data", tag=["latest"]),
        changed("push_data", tag="x" * 129),
        changed("push_data", pusher=""),
        changed("push_data", pusher="a\0b"),
        changed("push_data", pusher="a\x1b[31mb"),
        changed("push_data", pusher="a\u202eb"),
        changed("push_data", pusher="a\ud800"),
        changed("push_data", pusher="x" * 256),
        changed("push_data", pusher={"name": "bob"}),
        changed("push_data", pushed_at="yesterday"),
        changed("push_data", pushed_at=True),
        changed("push_data", pushed_at=-1),
        changed("push_data", pushed_at=1e300),
        changed("push_data", pushed_at=float("inf")),
        changed("push_data", pushed_at=10**300),
        changed("repository", repo_name="quay.io/a/b"),
        changed("repository", repo_name="a/b/c"),
        changed("repository", repo_name="$(reboot)/x"),
        changed("repository", repo_name="a/b:tag"),
        changed("repository", repo_name=7),
        changed("repository", repo_name=""),
        changed("repository", is_private="yes"),
        json.dumps({**DOCUMENTED, "push_data": None}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_payload_is_refused_and_not_repeated(content: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        read_push(content)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 80
