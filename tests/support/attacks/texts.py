"""Text that a terminal would act on, in every place where a server can put some."""

from __future__ import annotations

import threading
from typing import Any

from support.attacks.attack import (
    IMAGE,
    INDEX_TYPE,
    MANIFEST_TYPE,
    REGISTRY,
    Ask,
    Attack,
    Pieces,
    Script,
    always,
    answer,
    as_json,
    digest_of,
    manifest,
)

CONTROLS = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u202egnp.exe\u2066\u200b"
"""A window's title, an empty screen, a colour in eight bits, a line of one's own, reversed text."""

MARKUP = "[bold red]alert[/bold red] [link=https://evil.example]here[/link]"
TEXT = f"{CONTROLS} {MARKUP}"
SHOWN = r"\x1b]0;owned\x07\x1b[2J\x9b31m"
_ESCAPED = r"\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n\u202egnp.exe\u2066\u200b"
_SEARCH = ("search", "something")
_DOES = "shows it as a visible escape; rich's markup is literal"

_CONFIG = as_json(
    {
        "os": f"linux{CONTROLS}",
        "architecture": "amd64",
        "created": f"2024-05-06T07:08:09Z{CONTROLS}",
        "author": TEXT,
        "config": {"Labels": {TEXT: TEXT}, "Env": [TEXT], "Cmd": [TEXT], "WorkingDir": TEXT},
        "rootfs": {"type": "layers", "diff_ids": []},
        "history": [{"created_by": TEXT, "comment": TEXT}],
    }
)


def _found(ask: Ask, stopped: threading.Event) -> Pieces:
    result: dict[str, Any] = {
        "id": "someone/thing",
        "name": "someone/thing",
        "short_description": TEXT,
        "publisher": {"name": TEXT},
        "badge": TEXT,
        "type": TEXT,
        "star_count": 10**19,
        "pull_count": f"1B+{CONTROLS}",
        "created_at": TEXT,
        "categories": [{"slug": TEXT, "name": TEXT}],
    }
    return answer(as_json({"total": 1, "results": [result]}))


def _tag(ask: Ask, stopped: threading.Event) -> Pieces:
    row = {
        "name": "v1",
        "tag_status": TEXT,
        "content_type": TEXT,
        "media_type": TEXT,
        "digest": TEXT,
        "full_size": 10**19,
        "images": [{"os": TEXT, "architecture": TEXT, "variant": TEXT, "digest": TEXT}],
    }
    return answer(as_json({"count": 1, "next": None, "results": [row]}))


def _repository(ask: Ask, stopped: threading.Event) -> Pieces:
    row = {"name": "thing", "namespace": "someone", "description": TEXT, "status_description": TEXT}
    return answer(as_json({**row, "full_description": f"# {TEXT}\n\n`{TEXT}`\n"}))


def _refusing(status: int, body: object) -> Script:
    return always(lambda: answer(as_json(body), status))


def _image(ask: Ask, stopped: threading.Event) -> Pieces:
    if "/blobs/" in ask.path:
        return answer(_CONFIG, 200, {"Content-Type": "application/octet-stream"})
    config = {"mediaType": "x", "digest": digest_of(_CONFIG), "size": len(_CONFIG)}
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": TEXT,
        "config": {**config, "mediaType": "application/vnd.oci.image.config.v1+json"},
        "layers": [],
        "annotations": {TEXT: TEXT},
    }
    return manifest(document)


def _index(ask: Ask, stopped: threading.Event) -> Pieces:
    platform = {"os": CONTROLS, "architecture": MARKUP, "variant": TEXT}
    entry = {"mediaType": MANIFEST_TYPE, "digest": digest_of(b""), "size": 1, "platform": platform}
    document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [entry]}
    return manifest(document, INDEX_TYPE)


def _warning(ask: Ask, stopped: threading.Event) -> Pieces:
    text = b"\x9b31m \xe2\x80\xae [red]on fire[/red]"
    return answer(b'{"tags": ["v1"]}', 200, {"Warning": b'299 - "%s"' % text})


ATTACKS = (
    Attack(
        "escapes-in-a-table",
        "(Hub) writes terminal escapes, reversed text and markup into search results",
        _DOES,
        (*_SEARCH, "--fields", "name,description,publisher,badge,type,pulls,stars,categories"),
        _found,
        exit_code=0,
        says=SHOWN,
        terminal=True,
    ),
    Attack(
        "escapes-in-tsv",
        "(Hub) writes the same, to be piped",
        "prints one line of visible escapes",
        (*_SEARCH, "--fields", "name,description,publisher,type"),
        _found,
        exit_code=0,
        says=SHOWN,
    ),
    Attack(
        "escapes-in-csv",
        "(Hub) writes the same, to be printed as CSV",
        "prints visible escapes",
        (*_SEARCH, "--format", "csv"),
        _found,
        exit_code=0,
        says=SHOWN,
    ),
    Attack(
        "escapes-in-json",
        "(Hub) writes the same, to be printed as JSON",
        r"keeps the text, in JSON's own escapes (`\u001b`)",
        (*_SEARCH, "--format", "json"),
        _found,
        exit_code=0,
        says=_ESCAPED,
    ),
    Attack(
        "escapes-in-a-template",
        "(Hub) writes the same, to be printed by a template",
        "prints visible escapes",
        (*_SEARCH, "--format", "{{.description}} {{.categories}}"),
        _found,
        exit_code=0,
        says=SHOWN,
    ),
    Attack(
        "escapes-in-tags",
        "(Hub) writes the same into what it tells of a tag",
        _DOES,
        ("tag", "ls", "someone/thing", "--fields", "name,digest,status,size,platforms,type"),
        _tag,
        exit_code=0,
        says=SHOWN,
        terminal=True,
    ),
    Attack(
        "escapes-in-an-overview",
        "(Hub) writes the same into an overview, which is rendered on a terminal",
        "renders what is Markdown, and nothing else",
        ("repo", "readme", "someone/thing"),
        _repository,
        exit_code=0,
        says="alert",
        terminal=True,
    ),
    Attack(
        "escapes-in-an-error-of-hub",
        "(Hub) writes the same into an error",
        _DOES,
        ("repo", "inspect", "someone/thing"),
        _refusing(403, {"message": TEXT, "errinfo": {TEXT: TEXT}}),
        exit_code=4,
        says=r"\x1b]0;owned\x07\x1b[2J",
        terminal=True,
    ),
    Attack(
        "escapes-in-an-error",
        "writes the same into an error's message and code",
        _DOES,
        ("digest", IMAGE),
        _refusing(403, {"errors": [{"code": CONTROLS, "message": TEXT, "detail": TEXT}]}),
        exit_code=4,
        says=r"\x1b]0;owned\x07\x1b[2J",
        terminal=True,
    ),
    Attack(
        "escapes-in-an-error-as-json",
        "writes the same into an error that is printed as JSON",
        "keeps the text, in JSON's own escapes",
        ("tag", "inspect", IMAGE, "--format", "json"),
        _refusing(403, {"errors": [{"code": "DENIED", "message": TEXT}]}),
        exit_code=4,
        says=r"\u001b]0;owned\u0007\u001b[2J",
    ),
    Attack(
        "escapes-in-a-warning",
        "writes the same into a `Warning` header",
        _DOES,
        ("tag", "ls", f"{REGISTRY}/a/b"),
        _warning,
        exit_code=0,
        says="[red]on fire[/red]",
    ),
    Attack(
        "escapes-in-a-card",
        "writes the same into an image's labels, annotations and history",
        _DOES,
        ("inspect", IMAGE),
        _image,
        exit_code=0,
        says=SHOWN,
        terminal=True,
    ),
    Attack(
        "escapes-in-platforms",
        "writes the same into the platforms of an index, none of which fits",
        _DOES,
        ("pull", IMAGE, "oci:out/image", "--platform", "linux/amd64"),
        _index,
        exit_code=3,
        says=r"\x1b]0;owned",
    ),
    Attack(
        "newline-in-a-header",
        "writes a line break and a header of its own into a header that is read on",
        "refuses the answer",
        ("digest", IMAGE),
        always(lambda: answer(b"", 200, {"Docker-Content-Digest": b"sha256:\x00\x0b\rX: y"})),
        says="broke",
    ),
    Attack(
        "newline-in-a-token",
        "(Hub) writes a line break into the token that is sent back to it",
        "takes no such token",
        ("account", "info"),
        always(lambda: answer(b'{"access_token": "a\\r\\nX-Injected: b"}')),
        says="answers a sign-in without a token",
        signs_in=False,
    ),
)
