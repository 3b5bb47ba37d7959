"""References as Docker reads them: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.

The grammar is that of distribution's `reference` package; names are normalised as docker does it:
no dot, no port, no upper case and not `localhost` in the first part means Docker Hub, whose
one-part names live in `library/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hubcli.errors import UsageError

HUB = "docker.io"
"""The canonical host of Docker Hub's registry in references."""

_HUB_ALIASES = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)
_LONGEST_NAME = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]{{1,5}})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_TAG_GLOB = re.compile(r"[A-Za-z0-9_.*?\[\]!-]{1,255}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository, or one tag or digest in it.

    `host` is canonical (`docker.io` for every spelling of Docker Hub), `path` complete
    (`library/alpine`).
    """

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def on_hub(self) -> bool:
        return self.host == HUB

    @property
    def repository(self) -> str:
        """`docker.io/library/alpine`: host and path, without tag and digest."""
        return f"{self.host}/{self.path}"

    @property
    def name(self) -> str:
        """What hubcli prints and takes back: `library/alpine` on Docker Hub, else `host/path`."""
        first, slash, _ = self.path.partition("/")
        is_short = self.on_hub and not (slash and looks_like_host(first))
        return self.path if is_short else self.repository

    @property
    def namespace(self) -> str:
        """All of the path but its last part; empty for a one-part path."""
        return self.path.rpartition("/")[0]

    @property
    def basename(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def identifier(self) -> str:
        """What a registry is asked for: the digest where there is one, else the tag or `latest`."""
        return self.digest or self.tag or "latest"

    def tagged(self, tag: str) -> Reference:
        """The same repository at `tag`."""
        return replace(self, tag=tag, digest=None)

    def at(self, digest: str) -> Reference:
        """The same repository at `digest`; a tag is dropped, since the digest decides."""
        return replace(self, tag=None, digest=digest)

    def bare(self) -> Reference:
        """The repository alone."""
        return replace(self, tag=None, digest=None)

    def suffixed(self, name: str) -> str:
        """`name` followed by this reference's `:tag` and `@digest`."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{name}{tag}{digest}"

    @property
    def short(self) -> str:
        """`library/alpine:3` on Docker Hub, else `host/path:3`; it can be handed back to hubcli."""
        return self.suffixed(self.name)

    def __str__(self) -> str:
        """The whole of it, host included."""
        return self.suffixed(self.repository)


@dataclass(frozen=True, slots=True)
class Place:
    """A registry (`path` is None) or a namespace in it."""

    host: str
    path: str | None = None

    @property
    def on_hub(self) -> bool:
        return self.host == HUB

    def __str__(self) -> str:
        return self.host if self.path is None else f"{self.host}/{self.path}"


def parse(text: str) -> Reference:
    """Read a reference; UsageError says what is wrong with it."""
    host, rest = _split_host(text)
    rest, _, digest = rest.partition("@")
    path, tag = _split_tag(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise _invalid(text, "a tag has up to 128 letters, digits, '_', '.', '-'")
    if "@" in text:
        digest = checked_digest(digest, text)
    return Reference(host, _checked_path(host, path, text), tag, digest or None)


def parse_repository(text: str) -> Reference:
    """Read a reference that must name a repository only."""
    reference = parse(text)
    if reference.tag or reference.digest:
        raise _invalid(text, "a repository is wanted here, without a tag or digest")
    return reference


def parse_pattern(text: str) -> tuple[Reference, str | None]:
    """Read `REPO[:GLOB]`: the repository, and the pattern its tags should match."""
    host, rest = _split_host(text)
    path, glob = _split_tag(rest)
    if "@" in rest or glob is None or not is_glob(glob):
        return parse(text), None
    if not _TAG_GLOB.fullmatch(glob):
        raise _invalid(text, "a tag pattern has letters, digits, '_', '.', '-', '*', '?', '[…]'")
    return Reference(host, _checked_path(host, path, text)), glob


def is_glob(text: str) -> bool:
    """Whether `text` holds a character that a shell would expand."""
    return any(character in text for character in "*?[")


def parse_place(text: str) -> Place:
    """Read `NAMESPACE`, `HOST` or `HOST/NAMESPACE`."""
    first, slash, rest = text.partition("/")
    if not looks_like_host(first.lower()):
        return Place(HUB, _checked_path(None, text, text))
    host = parse_host(first)
    return Place(host, _checked_path(None, rest, text) if slash and rest else None)


def parse_host(text: str) -> str:
    """Read a registry's `HOST[:PORT]`; a scheme or trailing slash that was pasted is dropped."""
    stripped = re.sub(r"^https?://", "", text).rstrip("/")
    if stripped in {"index.docker.io/v1", "hub.docker.com"}:
        return HUB
    if not _HOST.fullmatch(stripped):
        raise _invalid(text, "a registry is wanted here, as HOST or HOST:PORT")
    return canonical_host(stripped)


def canonical_host(host: str) -> str:
    """`docker.io` for every name of Docker Hub's registry; any other host in lower case.

    A word that is a host for its capitals only keeps them: without, it would be a namespace.
    """
    lowered = host.lower()
    if lowered in _HUB_ALIASES:
        return HUB
    return lowered if looks_like_host(lowered) else host


def looks_like_host(part: str) -> bool:
    """Whether docker would read the first part of a reference as a host."""
    return (
        "." in part or ":" in part or part == "localhost" or part != part.lower()
    ) and part not in {".", ".."}


def checked_digest(digest: str, text: str | None = None) -> str:
    """`algorithm:hex`, or UsageError."""
    algorithm, _, encoded = digest.partition(":")
    length = _HEX_LENGTHS.get(algorithm)
    wrong_length = length is not None and len(encoded) != length
    if not _DIGEST.fullmatch(digest) or wrong_length or encoded != encoded.lower():
        raise _invalid(text or digest, "a digest looks like sha256:<64 hexadecimal digits>")
    return digest


def is_tag(text: str) -> bool:
    """Whether the distribution grammar takes `text` as a tag."""
    return _TAG.fullmatch(text) is not None


def is_path(text: str) -> bool:
    """Whether the distribution grammar takes `text` as the path of a repository."""
    return len(text) <= _LONGEST_NAME and _PATH.fullmatch(text) is not None


def _split_host(text: str) -> tuple[str, str]:
    if not text:
        raise UsageError("the reference is empty")
    first, slash, rest = text.partition("/")
    if slash and looks_like_host(first):
        if not _HOST.fullmatch(first):
            raise _invalid(text, f"{first!r} is no host")
        return canonical_host(first), rest
    return HUB, text


def _split_tag(rest: str) -> tuple[str, str | None]:
    """`path[:tag]`; a colon before the last slash belongs to neither and fails later."""
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        return rest, None
    return head, tag


def _checked_path(host: str | None, path: str, text: str) -> str:
    if not path:
        raise _invalid(text, "the repository's name is missing")
    if not _PATH.fullmatch(path):
        if path != path.lower() and _PATH.fullmatch(path.lower()):
            raise _invalid(text, "a repository's name is in lower case")
        raise _invalid(
            text, "a repository's name has lower-case letters, digits, and '.', '_', '-' between"
        )
    if host == HUB and "/" not in path:
        if _IDENTIFIER.fullmatch(path):
            raise _invalid(text, "64 hexadecimal digits are an image's id, not a name")
        path = f"library/{path}"
    if len(host or "") + 1 + len(path) > _LONGEST_NAME:
        raise _invalid(text, f"a name has at most {_LONGEST_NAME} characters")
    return path


def _invalid(text: str, reason: str) -> UsageError:
    shown = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
    return UsageError(f"invalid reference {shown!r}: {reason}")
