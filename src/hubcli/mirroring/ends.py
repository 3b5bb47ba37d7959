"""The two ends of a mirror as they are written: where images come from, and where they go."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from hubcli.errors import UsageError
from hubcli.reference import Reference, is_glob
from hubcli.stores import spelling
from hubcli.stores.index import whole
from hubcli.stores.spelling import Local

End = Reference | Local
"""A repository, or a local store, or one image in it."""

_FIELDS = ("registry", "path", "namespace", "name")
_FIELD = re.compile(r"\{([^{}]*)\}")
_ARCHIVES = (spelling.OCI_ARCHIVE, spelling.ARCHIVE)
_STORES = (spelling.OCI, *_ARCHIVES)
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")


@dataclass(frozen=True, slots=True)
class Part:
    """What a local store holds of one repository: its images have whole names there."""

    store: Local
    repository: Reference

    def __str__(self) -> str:
        return f"{self.store}:{self.repository}"


Source = End | Part
"""A repository, or what a local store has of one, or all that it has."""


@dataclass(frozen=True, slots=True)
class Sources:
    """One repository or store (`end`), or all repositories that a `pattern` means."""

    end: End | None = None
    pattern: str | None = None

    @property
    def is_several(self) -> bool:
        return self.end is None


def parse_sources(text: str) -> Sources:
    """Read `REPO`, `REPO:TAG`, `NAMESPACE/PATTERN`, `HOST/NAMESPACE/PATTERN` or a local store."""
    local = (*(f"{kind}:" for kind in _STORES), "/", "./", "../")
    if is_glob(text) and not text.startswith(local):
        head, slash, _ = text.rpartition("/")
        if not slash or is_glob(head):
            raise UsageError(f"{text!r}: a pattern stands behind a namespace, as in acme/*")
        return Sources(pattern=text)
    end = spelling.parse(text)
    if isinstance(end, Local) and (end.kind not in _STORES or end.is_stream):
        raise UsageError(f"images are not mirrored from {end}")
    return Sources(end)


@dataclass(frozen=True, slots=True)
class Template:
    """Where an image goes: `{registry}`, `{path}`, `{namespace}` and `{name}` are its source's."""

    text: str

    @property
    def tells_apart(self) -> bool:
        """Whether different sources have different targets."""
        return {"path", "name"} & set(_FIELD.findall(self.text)) != set()

    @property
    def archive(self) -> Local | None:
        """The archive that everything goes into, by whole names; None for any other target."""
        if _FIELD.search(self.text) or not is_local(self.text):
            return None
        end = spelling.parse(self.text)
        assert isinstance(end, Local)
        return _archive(bare(end))

    def of(self, source: Source) -> End:
        """The target for a source; UsageError where that is no name of anything."""
        values = _values(source)
        end = spelling.parse(_FIELD.sub(lambda found: values[found[1]], self.text))
        if isinstance(end, Reference):
            return end
        if end.kind not in _STORES or end.is_stream:
            raise UsageError(f"images are not mirrored to {end}; to an OCI archive they are")
        archive = _archive(end)
        if archive is not None and _FIELD.search(self.text):
            raise UsageError("one archive takes images of all repositories: leave {…} out")
        return archive or end


def is_local(text: str) -> bool:
    """Whether a local store is spelled."""
    return text.startswith(("/", "./", "../")) or not spelling.is_path(text)


def is_archive(end: End) -> bool:
    return isinstance(end, Local) and end.kind in _ARCHIVES


def _archive(end: End) -> Local | None:
    """The end with its kind decided, if it is an archive."""
    if isinstance(end, Local) and is_archive(end):
        return replace(end, kind=spelling.OCI_ARCHIVE)
    return None


def parse_template(text: str) -> Template:
    """Read a target; with a slash at its end the same path follows."""
    unknown = [field for field in _FIELD.findall(text) if field not in _FIELDS]
    if unknown:
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"{{{unknown[0]}}} stands for nothing here; there are {known}")
    if re.sub(_FIELD, "", text).count("{") or re.sub(_FIELD, "", text).count("}"):
        raise UsageError("a brace has no partner")
    return Template(f"{text}{{path}}" if text.endswith("/") else text)


def _values(source: Source) -> dict[str, str]:
    repository = repository_of(source)
    if repository is None:
        assert isinstance(source, Local)
        name = PurePath(source.path).name.partition(".")[0].lower() or "images"
        return {"registry": "local", "path": name, "namespace": "local", "name": name}
    return {
        # A colon would begin a tag there.
        "registry": repository.host.replace(":", "-"),
        "path": repository.path,
        "namespace": repository.namespace,
        "name": repository.basename,
    }


def repository_of(source: Source) -> Reference | None:
    """The repository that a source's images are of; None where a local store does not say."""
    if isinstance(source, Part):
        return source.repository
    if isinstance(source, Local):
        named = whole(source.name or "")
        return None if named is None else named.bare()
    return source.bare()


def image(source: Source, identifier: str) -> End:
    """The image of a tag or digest in a repository or store."""
    is_digest = _DIGEST.fullmatch(identifier) is not None
    if isinstance(source, Reference):
        return source.at(identifier) if is_digest else source.tagged(identifier)
    if isinstance(source, Part):
        if is_digest:
            return replace(source.store, name=None, digest=identifier)
        return replace(source.store, name=str(source.repository.tagged(identifier)), digest=None)
    if is_digest:
        return replace(source, name=None, digest=identifier)
    return replace(source, name=identifier, digest=None)


def placed(target: End, source: Source, identifier: str) -> End:
    """The image of a target that has this tag or digest; in an archive it has a whole name."""
    repository = repository_of(source)
    if not is_archive(target) or repository is None or whole(identifier) is not None:
        return image(target, identifier)
    assert isinstance(target, Local)
    return replace(target, name=str(image(repository, identifier)), digest=None)


def bare(end: End) -> End:
    """The repository or store that an image is in."""
    return end.bare() if isinstance(end, Reference) else replace(end, name=None, digest=None)


def identifier(end: Source) -> str | None:
    """The tag, the digest or `TAG@DIGEST` that is written with a repository or store, if one is."""
    if isinstance(end, Part):
        return None
    tag = end.tag if isinstance(end, Reference) else end.name
    if end.digest is None:
        return tag
    return f"{tag}@{end.digest}" if tag else end.digest


def shown(end: Source) -> str:
    """An end as it can be handed back to hubcli."""
    return end.short if isinstance(end, Reference) else str(end)
