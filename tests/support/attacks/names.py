"""Names that are options, paths, devices or books, for whoever hands them on."""

from __future__ import annotations

import threading

from support.attacks.attack import (
    IMAGE,
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
from support.attacks.bodies import MEMORY

_BAD = (
    "--help",
    "-rf",
    "../../x",
    "/etc/passwd",
    "",
    "a b",
    "$(id)",
    "a\nb",
    "v1/../../x",
    "x" * 129,
)
_FILE = b"the content of a file"
_BOOK = 10 << 20


def _tags(ask: Ask, stopped: threading.Event) -> Pieces:
    return answer(as_json({"tags": [*_BAD, "con", "v1"]}))


def _hub_tags(ask: Ask, stopped: threading.Event) -> Pieces:
    rows = [{"name": name} for name in (*_BAD, "con", "v1")]
    return answer(as_json({"count": len(rows), "next": None, "results": rows}))


def _hub_repositories(ask: Ask, stopped: threading.Event) -> Pieces:
    rows = [{"name": name, "namespace": "someone"} for name in (*_BAD, "thing")]
    rows += [{"name": "thing", "namespace": name} for name in _BAD]
    return answer(as_json({"count": len(rows), "next": None, "results": rows}))


def _hub_results(ask: Ask, stopped: threading.Event) -> Pieces:
    rows = [{"id": name, "name": name} for name in (*_BAD, "someone/--help", "someone/thing")]
    return answer(as_json({"total": len(rows), "results": rows}))


def _artifact(*titles: str) -> Script:
    """Files that are to be called so."""

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        if "/blobs/" in ask.path:
            return answer(_FILE if digest_of(_FILE) in ask.path else b"{}")
        kind = "application/vnd.example.file"
        about = {"mediaType": kind, "digest": digest_of(_FILE), "size": len(_FILE)}
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": "application/vnd.example",
            "config": {**about, "digest": digest_of(b"{}"), "size": 2},
            "layers": [
                {**about, "annotations": {"org.opencontainers.image.title": title}}
                for title in titles
            ],
        }
        return manifest(document)

    return script


def _unpacking(name: str, *titles: str, says: str) -> Attack:
    shown = ", ".join(f"`{title}`" for title in titles)
    return Attack(
        f"file-{name}",
        f"calls the files of an artifact {shown}",
        "writes none of its files",
        ("pull", IMAGE, "out"),
        _artifact("good.txt", *titles),
        exit_code=7,
        says=says,
    )


ATTACKS = (
    Attack(
        "tags-that-are-no-tags",
        "lists tags such as `--help`, `-rf` and `../../x`",
        "leaves out what the grammar of tags does not have; `con` is one",
        ("tag", "ls", f"{REGISTRY}/a/b", "-q"),
        _tags,
        exit_code=0,
        says="con\nv1\n",
        kept=("--help", "-rf", "../../x", "passwd", "$(id)"),
    ),
    Attack(
        "hub-tags-that-are-no-tags",
        "(Hub) lists the same",
        "leaves them out",
        ("tag", "ls", "someone/thing", "-q"),
        _hub_tags,
        exit_code=0,
        says="con\nv1\n",
        kept=("--help", "-rf", "../../x", "passwd", "$(id)"),
    ),
    Attack(
        "hub-times-of-no-calendar",
        "(Hub) was changed in the last hour of the year 9999, west of Greenwich",
        "leaves the time out",
        ("tag", "ls", "someone/thing"),
        always(
            lambda: answer(
                as_json(
                    {
                        "count": 1,
                        "next": None,
                        "results": [{"name": "v1", "last_updated": "9999-12-31T23:00:00-10:00"}],
                    }
                )
            )
        ),
        exit_code=0,
        says="v1",
    ),
    Attack(
        "hub-repositories-that-are-none",
        "(Hub) lists repositories of such names",
        "leaves them out",
        ("repo", "ls", "someone", "-q"),
        _hub_repositories,
        exit_code=0,
        says="someone/thing\n",
        kept=("--help", "-rf", "../../x", "passwd", "$(id)"),
    ),
    Attack(
        "hub-results-that-are-none",
        "(Hub) finds repositories of such names",
        "leaves them out",
        ("search", "something", "-q"),
        _hub_results,
        exit_code=0,
        says="someone/thing\n",
        kept=("--help", "-rf", "../../x", "passwd", "$(id)"),
    ),
    Attack(
        "catalog-of-no-names",
        "lists repositories of such names",
        "leaves them out",
        ("repo", "ls", REGISTRY, "-q"),
        always(lambda: answer(as_json({"repositories": [*_BAD, "thing"]}))),
        exit_code=0,
        says=f"{REGISTRY}/thing\n",
        kept=("--help", "-rf", "../../x", "passwd", "$(id)"),
    ),
    Attack(
        "tag-of-10-megabytes",
        "lists a tag of 10 MB",
        "leaves it out",
        ("tag", "ls", f"{REGISTRY}/a/b", "-q"),
        always(lambda: answer(as_json({"tags": ["x" * _BOOK, "v1"]}))),
        exit_code=0,
        says="v1\n",
        kept=("x" * 1000,),
        most=MEMORY,
    ),
    Attack(
        "error-of-10-megabytes",
        "refuses with a message of 10 MB",
        "reads the first megabyte, and shows what the status says",
        ("digest", IMAGE),
        always(lambda: answer(as_json({"errors": [{"message": "x" * _BOOK}]}), 403)),
        exit_code=4,
        says="(DENIED)",
        kept=("x" * 1000,),
        most=MEMORY,
    ),
    Attack(
        "description-of-7-megabytes",
        "(Hub) describes a repository in 7 MB, on a terminal",
        "cuts it off in the table",
        ("search", "something"),
        always(
            lambda: answer(
                as_json(
                    {
                        "total": 1,
                        "results": [{"id": "someone/thing", "short_description": "x" * (7 << 20)}],
                    }
                )
            )
        ),
        exit_code=0,
        says="someone/thing",
        kept=("x" * 1000,),
        terminal=True,
    ),
    _unpacking("above", "../../x", says="it leads out of the directory"),
    _unpacking("absolute", "/etc/passwd", says="it is absolute"),
    _unpacking("device", "con", says="device on Windows"),
    _unpacking("stream", "good.txt:stream", says="characters that not every system takes"),
    _unpacking("backslash", "..\\x", says="characters that not every system takes"),
    _unpacking("in-capitals", "GOOD.txt", says="exclude each other"),
    _unpacking("of-300-letters", "x" * 300, says="it is too long"),
)
