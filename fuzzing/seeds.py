"""Inputs to begin with, and the words that they are made of."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib

_DIGEST = "sha256:" + "0" * 64


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in text.split())


REFERENCES = (
    b"alpine",
    b"docker.io/library/alpine:3",
    b"localhost:5000/a/b__c/d--e.f:v1.2_x-y",
    f"[::1]:5000/a@{_DIGEST}".encode(),
    f"Registry.Example/a/b:v1@{_DIGEST}".encode(),
    b"index.docker.io/x",
    b"a" * 64,
)
REFERENCE_WORDS = _words(
    f"docker.io/ index.docker.io/ localhost localhost:5000/ [::1]:80/ / :"
    f" @ . .. _ __ ___ - -- library/"
    f" sha256: @{_DIGEST} :latest md5: a b A é"
)

CHALLENGES = (
    b'Bearer realm="https://a/token",service="s",scope="repository:a/b:pull,push registry:c:*"',
    b'Basic realm="x", Bearer realm=y,error="insufficient_scope"',
    b"Negotiate YII=, Digest a=b",
    b'Bearer realm="a\\"b", , x',
    b'Bearer scope="(registry:a:b repository(x):c:pull"',
)
CHALLENGE_WORDS = (
    *_words('Bearer Basic Negotiate realm= service= scope= error= " \\" \\ , = == : ;'),
    *(b" ", b"\t", b"repository:a/b:pull", b"a(b):c:d", b'realm="https://a/t"'),
)

LINKS = (
    b'</v2/a/tags/list?last=x&n=1>; rel="next"',
    b"<a>; title=\"b, c\"; rel=prev, <d>;rel='next'",
    b'<a>;rel="last next"',
)
LINK_WORDS = (*_words('< > ; , = " rel= rel="next" next prev title= anchor= ?n=1'), b" ")

CONFIGURATIONS = (
    b'[defaults]\nnamespace = "a"\nconcurrency = 4\nread_timeout = 1.5\n',
    b'[registries."localhost:5000"]\nplain_http = true\nmirrors = ["a", "b"]\nca_file = "x"\n',
    b'[hub]\noauth_client_id = "x"\n[registries]\n"quay.io" = {provider = "quay"}\n',
)
CONFIGURATION_WORDS = (
    *_words(
        '[defaults] [hub] [registries] [registries." "] endpoint plain_http mirrors concurrency'
        " max_wait namespace format store = true false 1 -1 1.5 nan inf [ ] {"
        " } , \" ''' # 1979-05-27"
    ),
    *(b"\n", b" ", b"\xc3\xa9", b"\x1b"),
)

TEMPLATES = (
    b"{{.name}}\\t{{.digest}}",
    b"table {{.name}}\\t{{json .platforms}}",
    b'{{range $i, $p := .platforms}}{{if eq $p "a"}}{{$i}}{{else}}{{.}}{{end}}{{end}}',
    b"{{printf `%99999999999v` .name}}",
    b"{{range $i, $p := .none}}{{else}}{{$i}}{{end}}",
    b'{{with .size}}{{printf "%05d %x" . .}}{{end}}{{- len .name -}}{{/* x */}}',
    b'{{join .platforms ","}}{{upper .name | truncate 3}}{{index .platforms 1}}{{slice .name 0 1}}',
)
TEMPLATE_WORDS = (
    *_words(
        "{{ }} {{- -}} {{end}} {{else}} {{if {{range {{with . .name"
        " .platforms .none $ $x := = | ( )"
        " \" ` ' json join len index slice printf print upper lower truncate pad split eq ne lt and"
        ' or not "%d" "%s" "%v" "%q" "%x" "%%" "%99999999d" 0 1 -1 99999999999 0x1f 1e9 nil true'
    ),
    *(b" ", b"\\t", b"/* */"),
)


def _tar(*members: tuple[str, bytes, bytes, str], format: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, content, kind, link in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()[: 512 * 8]


TARS = (
    _tar(("a/b", b"content", tarfile.REGTYPE, ""), ("a/c", b"", tarfile.SYMTYPE, "b")),
    _tar(("x" * 120, b"1", tarfile.REGTYPE, ""), format=tarfile.GNU_FORMAT),
    _tar(("\u00e9" * 60, b"1", tarfile.REGTYPE, "")),
    _tar(("d", b"", tarfile.DIRTYPE, ""), ("d/.wh.x", b"", tarfile.REGTYPE, "")),
)
TAR_WORDS = (
    *(
        b"ustar\x0000",
        b"ustar  \x00",
        b"././@LongLink",
        b"00000000010",
        b"\x80" + bytes(7) + b"\xff",
    ),
    *(b"../", b"/", b"g", b"x", b"L", b"K", b"S", b"0", b"1", b"2", b"5", b"30 path=../../x\n"),
    *(b"22 GNU.sparse.size=1\n", b"19 size=9999999999\n", b"\0" * 512),
)

_DESCRIPTOR = {"mediaType": "x", "digest": _DIGEST, "size": 1}
DOCUMENTS = tuple(
    json.dumps(document).encode()
    for document in (
        {"schemaVersion": 2, "config": _DESCRIPTOR, "layers": [_DESCRIPTOR, _DESCRIPTOR]},
        {
            "schemaVersion": 2,
            "manifests": [
                {**_DESCRIPTOR, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}
            ],
            "annotations": {"a": "b"},
        },
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "a",
            "config": {**_DESCRIPTOR, "data": "e30=", "urls": ["u"]},
            "layers": [],
            "subject": _DESCRIPTOR,
        },
    )
)
DOCUMENT_WORDS = (
    *_words(
        '{ } [ ] , : " null true 0 -1 1e9 1e999 NaN 9223372036854775808'
        ' "mediaType": "digest": "size":'
        ' "layers": "config": "manifests": "platform": "os": "annotations":'
        ' "subject": "data": "urls":'
        ' "schemaVersion": "artifactType": "\\ud800" "application/vnd.oci.image.index.v1+json"'
    ),
    json.dumps(_DESCRIPTOR).encode(),
)

VERSIONS = (
    b">=1.2 <2\nv1.2.3\n1.2\nlatest\n1.2.3-rc.1\n3.12-alpine",
    b"^1 || ~2.3 || 3.x - 4\n1\n2.3.4\n10.0.0+build",
    b"v*-al[a-p]?ne\nv1-alpine\n",
)
VERSION_WORDS = (
    *_words(">= <= < > = ^ ~ || - x * . v 1 2 10 0 00 rc alpha beta -rc.1 +build alpine [ ] [! ?"),
    *(b" ", b"\n", b"9" * 30),
)

CODINGS = (
    b"gzip\n" + gzip.compress(b"hello" * 20, mtime=0),
    b"gzip\n" + gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0) + b"\0\0",
    b"deflate\n" + zlib.compress(b"hello" * 20),
    b"deflate\n" + zlib.compress(b"hello" * 20)[2:-4],
    b"identity, gzip\n" + gzip.compress(bytes(5000), mtime=0),
    b"br\nhello",
)
CODING_WORDS = (
    b"gzip",
    b"deflate",
    b"identity",
    b"x-gzip",
    b", ",
    b"\n",
    b"\x1f\x8b\x08",
    b"\x78\x9c",
)
