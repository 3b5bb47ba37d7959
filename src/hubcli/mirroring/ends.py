"""The two ends of a mirror as they are written: where images come from, and where they go."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from hubcli.errors import UsageError
from hubcli.reference import Reference, is_glob
from hubcli.stores import spelling
from hubcli.stores.spelling import Local

End = Reference | Local
"""A repository, or a local store, or one image in it."""

_FIELDS = ("registry", "path", "namespace", "name")
_FIELD = re.compile(r"\{([^{}]*)\}")
_READ = (spelling.OCI,)
_WRITTEN = (spelling.OCI,)


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
    if is_glob(text) and not text.startswith((*(f"{kind}:" for kind in _READ), "/", "./", "../")):
        head, slash, _ = text.rpartition("/")
        if not slash or is_glob(head):
            raise UsageError(f"{text!r}: a pattern stands behind a namespace, as in acme/*")
        return Sources(pattern=text)
    end = spelling.parse(text)
    if isinstance(end, Local) and (end.kind not in _READ or end.is_stream):
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

    def of(self, source: End) -> End:
        """The target for a source; UsageError where that is no name of anything."""
        values = _values(source)
        end = spelling.parse(_FIELD.sub(lambda found: values[found[1]], self.text))
        if isinstance(end, Local) and (end.kind not in _WRITTEN or end.is_stream):
            raise UsageError(f"images are not mirrored to {end}; to oci:DIR they are")
        return end


def parse_template(text: str) -> Template:
    """Read a target; with a slash at its end the same path follows."""
    unknown = [field for field in _FIELD.findall(text) if field not in _FIELDS]
    if unknown:
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"{{{unknown[0]}}} stands for nothing here; there are {known}")
    if re.sub(_FIELD, "", text).count("{") or re.sub(_FIELD, "", text).count("}"):
        raise UsageError("a brace has no partner")
    return Template(f"{text}{{path}}" if text.endswith("/") else text)


def _values(source: End) -> dict[str, str]:
    if isinstance(source, Local):
        name = PurePath(source.path).name.partition(".")[0].lower() or "images"
        return {"registry": "local", "path": name, "namespace": "local", "name": name}
    return {
        # A colon would begin a tag there.
        "registry": source.host.replace(":", "-"),
        "path": source.path,
        "namespace": source.namespace,
        "name": source.basename,
    }


def image(repository: End, identifier: str) -> End:
    """The image of a tag or digest in a repository or store."""
    is_digest = ":" in identifier
    if isinstance(repository, Reference):
        return repository.at(identifier) if is_digest else repository.tagged(identifier)
    if is_digest:
        return replace(repository, name=None, digest=identifier)
    return replace(repository, name=identifier, digest=None)


def bare(end: End) -> End:
    """The repository or store that an image is in."""
    return end.bare() if isinstance(end, Reference) else replace(end, name=None, digest=None)


def identifier(end: End) -> str | None:
    """The tag, the digest or `TAG@DIGEST` that is written with a repository or store, if one is."""
    tag = end.tag if isinstance(end, Reference) else end.name
    if end.digest is None:
        return tag
    return f"{tag}@{end.digest}" if tag else end.digest


def shown(end: End) -> str:
    """An end as it can be handed back to hubcli."""
    return end.short if isinstance(end, Reference) else str(end)
