"""Images with what real ones hold: whiteouts, links, long names, holes, zstd, attestations, …

The fixture `real_image("whiteouts")` gives the one so called, in an OCI layout of its own. umoci
and skopeo make what they can (`MADE_BY_TOOLS`), the writer of `support.images` the rest.
The layers of umoci lack what ends a tar: a real thing, which readers have to cope with.

| name | what is in it |
|---|---|
| whiteouts | umoci: `kept`, `gone`, `dir/kept`, `dir/gone`; a layer each takes a `gone` away |
| opaque | umoci: `dir/old`, `dir/deep/old` in layer 1; layer 2 replaces `dir` by `dir/new` |
| hardlinks | `first`, and `second`, `dir/third` that are links to it; `symbolic`, a symbolic link |
| longnames | a path of more than 255 bytes, a symbolic link as long, a name that is not ASCII |
| sparse | `holes`: 1 MiB with data (`start`, `end`) at both ends only, as GNU tar stores it |
| zstd | skopeo: one layer, compressed with zstd |
| mixed | one plain, one gzip and one zstd layer |
| docker | skopeo: Docker's schema 2, `kept` in one gzip layer |
| foreign | a layer that is there, one that is only named by URL |
| attested | an index as BuildKit writes it: linux/amd64 and its attestation manifest |
| artifact | an artifact whose subject is the image `subject` in the same layout |
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support import programs
from support.images import CONFIG, INDEX, LAYER, MANIFEST, Descriptor, Layout, tar
from support.skopeo import Skopeo

ZSTD_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"
PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"
FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
SBOM = "application/spdx+json"
LONG_PATH = "/".join(["deep" * 20] * 4) + "/" + "n" * 100
"""424 bytes: more than the 255 that a ustar header holds."""
MADE_BY_TOOLS = frozenset({"whiteouts", "opaque", "sparse", "zstd", "docker"})

_PLATFORM = {"os": "linux", "architecture": "amd64"}


@dataclass(frozen=True)
class RealImage:
    """A tag in an OCI layout, and the digest it stands for."""

    layout: Path
    tag: str
    digest: str

    @property
    def source(self) -> str:
        """As skopeo (and hubcli) spell it."""
        return f"oci:{self.layout}:{self.tag}"

    def read(self, digest: str) -> bytes:
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()


class RealImages:
    """Makes each image when it is first asked for, under `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: dict[str, RealImage] = {}

    def __call__(self, name: str) -> RealImage:
        """The image of that name; the test is skipped where its tool cannot be had."""
        if name not in self._made:
            layout = self._directory / name
            _MAKERS[name](layout)
            self._made[name] = _tagged(layout, name)
        return self._made[name]


def _tagged(layout: Path, tag: str) -> RealImage:
    for entry in json.loads((layout / "index.json").read_bytes())["manifests"]:
        if entry.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag:
            return RealImage(layout, tag, entry["digest"])
    raise AssertionError(f"{layout} has no tag {tag}")


def _run(program: str, *arguments: str | Path) -> None:
    found = programs.require_tool(program)
    done = subprocess.run(
        [found.path, *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **found.environ},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


class _Umoci:
    """An image that umoci puts together, layer by layer."""

    def __init__(self, layout: Path) -> None:
        self._image = f"{layout}:{layout.name}"
        _run("umoci", "init", "--layout", layout)
        _run("umoci", "new", "--image", self._image)

    def add(self, name: str, files: Mapping[str, str], *, opaque: bool = False) -> None:
        """A layer with a directory `/name` of files; an opaque one replaces what was there."""
        with tempfile.TemporaryDirectory() as source:
            for path, content in files.items():
                target = Path(source, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
            flags = ["--opaque"] if opaque else []
            self._insert(*flags, source, f"/{name}")

    def remove(self, name: str) -> None:
        """A layer with the whiteout of `/name`."""
        self._insert("--whiteout", f"/{name}")

    def _insert(self, *arguments: str) -> None:
        _run("umoci", "insert", "--rootless", "--image", self._image, *arguments)


def _whiteouts(layout: Path) -> None:
    image = _Umoci(layout)
    image.add("", {"kept": "kept\n", "gone": "gone\n", "dir/gone": "gone\n", "dir/kept": "kept\n"})
    image.remove("gone")
    image.remove("dir/gone")


def _opaque(layout: Path) -> None:
    image = _Umoci(layout)
    image.add("dir", {"old": "old\n", "deep/old": "old\n"})
    image.add("dir", {"new": "new\n"}, opaque=True)


def _entries(*members: tuple[str, bytes, str]) -> bytes:
    """A pax tar of `(name, type, content or link)`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, value in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o755 if kind == tarfile.DIRTYPE else 0o644
            content = value.encode() if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            if kind in {tarfile.LNKTYPE, tarfile.SYMTYPE}:
                member.linkname = value
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _hardlinks(layout: Path) -> None:
    content = _entries(
        ("first", tarfile.REGTYPE, "shared\n"),
        ("dir", tarfile.DIRTYPE, ""),
        ("second", tarfile.LNKTYPE, "first"),
        ("dir/third", tarfile.LNKTYPE, "first"),
        ("symbolic", tarfile.SYMTYPE, "dir/third"),
    )
    _image(layout, [_gzipped(content)])


def _longnames(layout: Path) -> None:
    content = _entries(
        (LONG_PATH, tarfile.REGTYPE, "long\n"),
        ("link", tarfile.SYMTYPE, LONG_PATH),
        ("naïve-文字", tarfile.REGTYPE, "named\n"),
    )
    _image(layout, [_gzipped(content)])


def _sparse(layout: Path) -> None:
    files = layout.with_name(f"{layout.name}-files")
    files.mkdir(parents=True)
    with (files / "holes").open("wb") as file:
        file.write(b"start")
        file.seek((1 << 20) - len(b"end"))
        file.write(b"end")
    packed = files / "sparse.tar"
    _run("tar", "--sparse", "--format=gnu", "-C", files, "-cf", packed, "holes")
    content = packed.read_bytes()
    assert b"holes" in content
    _image(layout, [_gzipped(content)])


def _zstd(layout: Path) -> None:
    source = layout.with_name(f"{layout.name}-plain")
    _image(source, [(PLAIN_LAYER, *_twice(tar({"kept": b"kept\n" * 1000})))], tag="plain")
    skopeo = Skopeo.create(layout.with_name(f"{layout.name}-skopeo"))
    options = ("--quiet", "--dest-compress-format=zstd")
    skopeo("copy", *options, f"oci:{source}:plain", f"oci:{layout}:{layout.name}")


def _mixed(layout: Path) -> None:
    tars = [tar({name: name.encode() * 500}) for name in ("plain", "gzip", "zstd")]
    packed = [
        (PLAIN_LAYER, *_twice(tars[0])),
        _gzipped(tars[1]),
        (ZSTD_LAYER, _with_zstd(tars[2]), tars[2]),
    ]
    _image(layout, packed)


def _docker(layout: Path) -> None:
    source = layout.with_name(f"{layout.name}-oci")
    _image(source, [_gzipped(tar({"kept": b"kept\n"}))], tag="plain")
    # skopeo writes Docker's manifests into every store but OCI layouts: through a `dir:`.
    kept = layout.with_name(f"{layout.name}-dir")
    skopeo = Skopeo.create(layout.with_name(f"{layout.name}-skopeo"))
    skopeo("copy", "--quiet", "--format=v2s2", f"oci:{source}:plain", f"dir:{kept}")
    written = Layout(layout)
    document = json.loads((kept / "manifest.json").read_bytes())
    for one in (document["config"], *document["layers"]):
        written.blob(one["mediaType"], (kept / one["digest"].partition(":")[2]).read_bytes())
    content = (kept / "manifest.json").read_bytes()
    written.tag(layout.name, written.blob(document["mediaType"], content))


def _foreign(layout: Path) -> None:
    absent = _gzipped(tar({"away": b"away\n"}))
    _image(layout, [_gzipped(tar({"kept": b"kept\n"}))], foreign=[absent])


def _attested(layout: Path) -> None:
    written = Layout(layout)
    image = _manifest(written, [_gzipped(tar({"kept": b"kept\n"}))])
    statement = written.blob(
        "application/vnd.in-toto+json",
        _json({"_type": "https://in-toto.io/Statement/v0.1", "predicate": {}}),
    )
    statement["annotations"] = {"in-toto.io/predicate-type": SBOM}
    config = {"os": "unknown", "architecture": "unknown", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [statement["digest"]]}
    attestation = _document(written, written.blob(CONFIG, _json(config)), [statement])
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {**image, "platform": _PLATFORM},
            {
                **attestation,
                "annotations": {
                    "vnd.docker.reference.digest": image["digest"],
                    "vnd.docker.reference.type": "attestation-manifest",
                },
                "platform": {"os": "unknown", "architecture": "unknown"},
            },
        ],
    }
    written.tag(layout.name, written.blob(INDEX, _json(index)))


def _artifact(layout: Path) -> None:
    written = Layout(layout)
    subject = _manifest(written, [_gzipped(tar({"kept": b"kept\n"}))])
    written.tag("subject", subject)
    bill = written.blob(SBOM, _json({"spdxVersion": "SPDX-2.3"}))
    top = _document(
        written, written.blob(EMPTY, b"{}"), [bill], {"artifactType": SBOM, "subject": subject}
    )
    written.tag(layout.name, {**top, "artifactType": SBOM})


Packed = tuple[str, bytes, bytes]
"""A layer: media type, its bytes, and the tar that they unpack to."""


def _image(
    layout: Path, layers: Sequence[Packed], *, tag: str = "", foreign: Sequence[Packed] = ()
) -> None:
    written = Layout(layout)
    written.tag(tag or layout.name, _manifest(written, layers, foreign))


def _manifest(
    written: Layout, layers: Sequence[Packed], foreign: Sequence[Packed] = ()
) -> Descriptor:
    config = {
        **_PLATFORM,
        "created": "2024-05-06T07:08:09Z",
        "config": {"Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": [_sha256(one[2]) for one in (*layers, *foreign)]},
    }
    descriptors = [written.blob(kind, content) for kind, content, _ in layers]
    for _, content, _ in foreign:
        digest = _sha256(content)
        urls = [f"https://layers.example/{digest}"]
        away = {"mediaType": FOREIGN_LAYER, "digest": digest, "size": len(content), "urls": urls}
        descriptors.append(away)
    return _document(written, written.blob(CONFIG, _json(config)), descriptors)


def _document(
    written: Layout,
    config: Descriptor,
    layers: Sequence[Descriptor],
    more: Mapping[str, object] | None = None,
) -> Descriptor:
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [*layers]}
    return written.blob(MANIFEST, _json({**document, **(more or {})}))


def _with_zstd(content: bytes) -> bytes:
    """One zstd frame of raw blocks (RFC 8878, 3.1.1), which needs no library to be written."""
    frame = b"\x28\xb5\x2f\xfd" + b"\xa0" + len(content).to_bytes(4, "little")
    blocks = [content[at : at + (1 << 16)] for at in range(0, len(content), 1 << 16)]
    for number, block in enumerate(blocks, 1):
        frame += (len(block) << 3 | (number == len(blocks))).to_bytes(3, "little") + block
    return frame


def _gzipped(content: bytes) -> Packed:
    return LAYER, gzip.compress(content, mtime=0), content


def _twice(content: bytes) -> tuple[bytes, bytes]:
    return content, content


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


_MAKERS: Mapping[str, Callable[[Path], None]] = {
    "whiteouts": _whiteouts,
    "opaque": _opaque,
    "hardlinks": _hardlinks,
    "longnames": _longnames,
    "sparse": _sparse,
    "zstd": _zstd,
    "mixed": _mixed,
    "docker": _docker,
    "foreign": _foreign,
    "attested": _attested,
    "artifact": _artifact,
}
NAMES = tuple(_MAKERS)
