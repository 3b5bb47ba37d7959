"""Layers whose tar, or compression, was written to do harm."""

from __future__ import annotations

import gzip
import io
import tarfile
import threading
from collections.abc import Callable
from functools import cache

from support.attacks.attack import (
    IMAGE,
    MANIFEST_TYPE,
    Ask,
    Attack,
    Pieces,
    Script,
    answer,
    as_json,
    digest_of,
    manifest,
)
from support.attacks.bodies import MEMORY
from support.attacks.texts import CONTROLS, SHOWN

_FILES = ("files", IMAGE)
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def _image(tar: Callable[[], tuple[bytes, bytes]]) -> Script:
    """An image of one layer: its tar, and that as it is sent."""
    made = cache(tar)

    def script(ask: Ask, stopped: threading.Event) -> Pieces:
        plain, packed = made()
        config = as_json({"os": "linux", "rootfs": {"diff_ids": [digest_of(plain)]}})
        if ask.path.endswith(digest_of(config)):
            return answer(config)
        if "/blobs/" in ask.path:
            return answer(packed)
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest_of(config),
                "size": len(config),
            },
            "layers": [{"mediaType": _LAYER, "digest": digest_of(packed), "size": len(packed)}],
        }
        return manifest(document)

    return script


def _tar(*members: tuple[str, bytes, str]) -> tuple[bytes, bytes]:
    """Files, or links where there is a third text: to where they lead."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content, target in members:
            info = tarfile.TarInfo(name)
            info.size, info.linkname = len(content), target
            info.type = tarfile.SYMTYPE if target else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue(), gzip.compress(stream.getvalue(), mtime=0)


def _zstd_bomb() -> tuple[bytes, bytes]:
    """Frames of one block each that stands for 128 KiB of one byte (RFC 8878, 3.1.1.2)."""
    size = 1 << 17
    block = (size << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
    return b"", (b"\x28\xb5\x2f\xfd\xa0" + size.to_bytes(4, "little") + block) * 512


def _endless_name() -> tuple[bytes, bytes]:
    """A name of a gigabyte, as a member's head promises it."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    content = info.tobuf(tarfile.GNU_FORMAT) + b"x" * (1 << 20)
    return content, gzip.compress(content, mtime=0)


ATTACKS = (
    Attack(
        "layer-bomb",
        "packs 64 MB into a layer of 8 kB, by frames of zstd",
        "stops at a gibibyte, or at 200 times the layer's size",
        _FILES,
        _image(_zstd_bomb),
        exit_code=7,
        says="unpacks to more than",
        bounds={"hubcli.layers.limits.LEAST": 16 << 20},
        most=MEMORY,
    ),
    Attack(
        "layer-with-an-endless-name",
        "says in a layer that a file's name has a gigabyte",
        "refuses the layer",
        _FILES,
        _image(_endless_name),
        exit_code=7,
        says="(INTEGRITY)",
        most=MEMORY,
    ),
    Attack(
        "layer-that-is-no-tar",
        "sends a layer that is no tar",
        "refuses the layer",
        _FILES,
        _image(lambda: (b"", gzip.compress(b"hello" * 1000, mtime=0))),
        exit_code=7,
        says="(INTEGRITY)",
    ),
    Attack(
        "layer-with-names-above",
        "calls files of a layer `../../x` and `/etc/x`, and hides them behind links",
        "has them inside; `export` writes one archive, where it was told to",
        ("export", IMAGE, "-o", "out.tar"),
        _image(
            lambda: _tar(
                ("../../x", b"1", ""),
                ("/etc/x", b"2", ""),
                ("link", b"", "../../.."),
                ("link/y", b"3", ""),
            )
        ),
        exit_code=0,
    ),
    Attack(
        "layer-with-links-in-a-circle",
        "hides a file behind links that go round in a circle",
        "refuses the layer",
        _FILES,
        _image(lambda: _tar(("a", b"", "b"), ("b", b"", "a"), ("a/x", b"", ""))),
        exit_code=7,
        says="too many symbolic links",
    ),
    Attack(
        "layer-with-escapes",
        "writes terminal escapes into the names of a layer's files",
        "shows them as visible escapes",
        _FILES,
        _image(lambda: _tar((f"dir/{CONTROLS}", b"x", ""))),
        exit_code=0,
        says=SHOWN,
        terminal=True,
    ),
)
