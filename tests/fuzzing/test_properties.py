"""What parsers must make of inputs whose meaning is known, because they were made of it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzing import models
from hubcli import oci, reference
from hubcli.auth.challenge import parse_challenges
from hubcli.errors import UsageError
from hubcli.http.decoding import decoded
from hubcli.layers.bytestream import ByteStream
from hubcli.layers.tarstream import members
from hubcli.oci import Descriptor, Platform
from hubcli.output.template import Template
from hubcli.registry.pages import next_link
from hubcli.stores.tar import Tar

FEW = settings(max_examples=50)

_component = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}", fullmatch=True)
_host = st.from_regex(r"[A-Za-z0-9]{1,5}(-[a-z0-9])?\.[a-z]{2,4}(:[0-9]{1,5})?", fullmatch=True)
_hosts = _host | st.sampled_from(["", "localhost", "[::1]:5000", "docker.io", "index.docker.io"])
_tag = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
_hex = st.text("0123456789abcdef", min_size=64, max_size=64)
_digest = st.none() | _hex.map(lambda text: f"sha256:{text}")


@given(_hosts, st.lists(_component, min_size=1, max_size=4), _tag, _digest)
@FEW
def test_a_reference_is_what_it_was_made_of(
    host: str, parts: list[str], tag: str | None, digest: str | None
) -> None:
    text = "/".join([host, *parts] if host else parts)
    text += f":{tag}" if tag else ""
    text += f"@{digest}" if digest else ""
    wanted = models.reference(text)
    try:
        found = reference.parse(text)
    except UsageError:
        assert wanted is None
        return
    assert wanted == (found.host, found.path, found.tag, found.digest)
    assert (found.tag, found.digest) == (tag, digest)
    assert reference.parse(found.short) == found


_token = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_value = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_parameters = st.dictionaries(_token, _value, min_size=1, max_size=3)


@given(st.lists(st.tuples(_token, _parameters), max_size=3))
@FEW
def test_challenges_are_what_they_were_made_of(made: list[tuple[str, dict[str, str]]]) -> None:
    header = ", ".join(
        f"{scheme} " + ", ".join(f"{name}={_quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in made
    )
    assert [(one.scheme, one.parameters) for one in parse_challenges([header])] == made


_target = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>"))


@given(st.lists(st.tuples(_target, _token), max_size=5))
@FEW
def test_the_next_link_is_the_first_that_says_so(made: list[tuple[str, str]]) -> None:
    header = ", ".join(f'<{target}>; title="x, y"; rel="{kind}"' for target, kind in made)
    assert next_link(header) is None or "next" in {kind for _, kind in made}
    wanted = f'{header}{", " if header else ""}<here>; rel="prev next"'
    known = next((target for target, kind in made if kind == "next"), "here")
    assert next_link(wanted) == known


_name = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60).filter(
        lambda text: text not in {".", ".."}
    ),
    min_size=1,
    max_size=4,
).map("/".join)


@given(
    st.dictionaries(_name, st.binary(max_size=700), max_size=5),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
@FEW
def test_tars_have_what_was_put_into_them(files: dict[str, bytes], format: int) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    content = stream.getvalue()
    tar = Tar(io.BytesIO(content), "it")
    for name, wanted in files.items():
        with tar.open(name) as chunks:
            assert b"".join(chunks) == wanted
    layer = ByteStream(iter([content[:700], content[700:]]), 1 << 30, "it")
    found = [member.header.size for member in members(layer, "it")]
    assert found == [len(one) for one in files.values()]


_text = st.text(max_size=20)
_platform = st.none() | st.builds(
    Platform, _text, _text, st.none() | _text.filter(bool), st.none() | _text.filter(bool)
)


@given(
    st.builds(
        Descriptor,
        media_type=_text,
        digest=_hex.map(lambda text: f"sha256:{text}"),
        size=st.integers(0, (1 << 63) - 1),
        platform=_platform,
        annotations=st.dictionaries(_text, _text, max_size=3),
        artifact_type=st.none() | _text.filter(bool),
        urls=st.lists(_text, max_size=2).map(tuple),
        data=st.none() | st.binary(max_size=20),
    )
)
@FEW
def test_a_descriptor_is_what_it_was_written_as(made: Descriptor) -> None:
    if made.platform is not None and not (made.platform.os and made.platform.architecture):
        return
    document = {"layers": [made.to_json()], "config": made.to_json()}
    manifest = oci.parse_manifest(json.dumps(document).encode(), oci.OCI_MANIFEST)
    assert manifest.layers == (made,)
    assert manifest.config == made


@given(st.text(max_size=60).filter(lambda text: "{{" not in text and "\\" not in text))
@FEW
def test_a_template_without_actions_is_its_text(text: str) -> None:
    if not text.startswith("table"):
        assert Template(text).render({}) == text


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", ""]), st.integers(1, 100))
@FEW
def test_a_coding_is_undone_whatever_its_pieces_are(content: bytes, coding: str, size: int) -> None:
    packings = {"gzip": gzip.compress(content), "deflate": zlib.compress(content), "": content}
    packed = packings[coding]
    pieces = (packed[at : at + size] for at in range(0, len(packed), size))
    assert b"".join(decoded(pieces, coding)) == content
