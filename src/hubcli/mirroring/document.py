"""Reading a mirror's file: every key known, every value of its kind, and what is meant decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from hubcli import oci, tags
from hubcli.documents.reading import At, Reading
from hubcli.documents.tree import Value, read_tree
from hubcli.errors import UsageError
from hubcli.mirroring import ends
from hubcli.mirroring.entry import Entry, Existing
from hubcli.oci import Platform
from hubcli.reference import checked_digest, is_tag

HOW = ("platforms", "referrers", "digest-tags", "delete-extra", "existing")
"""The keys that say how images are mirrored; `defaults` takes them, too, and those of `tags`."""

ENTRY = ("name", "source", "target", "tags", *tags.KEYS, *HOW)
DEFAULTS = (*tags.KEYS, *HOW)
_EXISTING: tuple[Existing, ...] = ("update", "keep")
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Keys = Mapping[str, Value]
_Result = TypeVar("_Result")


def read_document(text: str, name: str, now: datetime | None = None) -> list[Entry]:
    """The entries of the document `text`, from the file `name`.

    UsageError names the first thing that is wrong, with line and column where the format tells.
    `now` is what ages are counted back from.
    """
    return _Document(name, now).entries(read_tree(text, name))


class _Document(Reading):
    def __init__(self, name: str, now: datetime | None) -> None:
        super().__init__(name)
        self._now = now

    def entries(self, root: Value) -> list[Entry]:
        keys = self.keys(root, (), ("defaults", "sync"))
        defaults: Keys = {}
        if "defaults" in keys:
            defaults = self._members(keys["defaults"], ("defaults",), DEFAULTS)
        if "sync" not in keys:
            raise self.failure(root.place, (), "it has nothing to mirror: sync: [{source: …}]")
        items = self.items(keys["sync"], ("sync",))
        found = [self._entry(each, ("sync", str(at)), defaults) for at, each in enumerate(items, 1)]
        names = [entry.name for entry in found]
        for each, entry in zip(items, found, strict=True):
            if names.count(entry.name) > 1:
                reason = f"several entries are called {entry.name}; give each a name of its own"
                raise self.failure(each.place, ("sync",), reason)
        return found

    def _entry(self, value: Value, at: At, defaults: Keys) -> Entry:
        own = self._members(value, at, ENTRY)
        for key in ("source", "target"):
            if key not in own:
                raise self.failure(value.place, at, f"it has no {key}")
        sources = self._sources(own["source"], (*at, "source"))
        target = self._made(own, "target", at, ends.parse_template)
        one = len(sources) == 1 and sources[0].end is not None and ends.identifier(sources[0].end)
        self._check_target(own, at, sources, target)
        keys = {**(defaults if not one else _only(defaults, HOW)), **own}
        self._check_archive(keys, at, target)
        named = self._named(own, at)
        chosen = any(key in tags.KEYS for key in (own if named else keys))
        if one and (named or chosen):
            key = "tags" if named else next(key for key in tags.KEYS if key in own)
            reason = "the source is one image already; leave this out, or its tag"
            raise self.failure(own[key].key, (*at, key), reason)
        choice = (
            None if one or (named and not chosen) else tags.read_choice(self, keys, at, self._now)
        )
        platforms = self._platforms(keys, at)
        self._check_digests(own, at, named, platforms)
        return Entry(
            name=self._made(own, "name", at, str) if "name" in own else _called(own["source"]),
            sources=sources,
            target=target,
            choice=choice,
            named=named,
            platforms=platforms,
            referrers=self._truth(keys, "referrers", at),
            digest_tags=self._truth(keys, "digest-tags", at),
            delete_extra=self._truth(keys, "delete-extra", at) and not one,
            existing=self._existing(keys, at),
        )

    def _members(self, value: Value, at: At, known: tuple[str, ...]) -> Keys:
        """The members of a mapping; `delete_extra` is taken for `delete-extra`."""
        spellings = (*known, *(key.replace("-", "_") for key in known if "-" in key))
        found: dict[str, Value] = {}
        for key, each in self.keys(value, at, spellings).items():
            name = key.replace("_", "-")
            if name in found:
                raise self.failure(each.key, (*at, key), f"{name} is there twice")
            found[name] = each
        return found

    def _sources(self, value: Value, at: At) -> tuple[ends.Sources, ...]:
        texts = self.text_or_texts(value, at)
        if not texts:
            raise self.failure(value.place, at, "a repository is wanted here")
        return tuple(self.checked(value, at, ends.parse_sources, text) for text in texts)

    def _check_target(
        self, own: Keys, at: At, sources: tuple[ends.Sources, ...], target: ends.Template
    ) -> None:
        place = own["target"].place
        several = len(sources) > 1 or sources[0].is_several
        if several and not target.tells_apart and target.archive is None:
            reason = "several repositories are to go there: let it end with /, or use {path}"
            raise self.failure(place, (*at, "target"), reason)
        for source in sources:
            if source.end is None:
                continue
            end = self.checked(own["target"], (*at, "target"), target.of, source.end)
            if ends.identifier(end) and not ends.identifier(source.end):
                reason = "a repository is wanted here, without a tag: the source has none"
                raise self.failure(place, (*at, "target"), reason)

    def _check_archive(self, keys: Keys, at: At, target: ends.Template) -> None:
        """An archive keeps what was put into it: it can be made anew instead."""
        if target.archive is not None and self._truth(keys, "delete-extra", at):
            reason = "nothing is removed from an archive; leave this out, and begin a new one"
            place = keys["delete-extra"].place
            raise self.failure(place, (*at, "delete-extra"), reason)

    def _named(self, own: Keys, at: At) -> tuple[str, ...]:
        if "tags" not in own:
            return ()
        value, below = own["tags"], (*at, "tags")
        texts = self.text_or_texts(value, below)
        if not texts:
            raise self.failure(value.place, below, "tags or digests are wanted here")
        return tuple(dict.fromkeys(self.checked(value, below, _tag, text) for text in texts))

    def _check_digests(self, own: Keys, at: At, named: tuple[str, ...], platforms: object) -> None:
        """A digest alone names its target, too, which another content cannot have."""
        digests = [text for text in named if ":" in text and "@" not in text]
        if digests and platforms is not None:
            reason = f"{digests[0][:19]}… is copied whole; leave platforms out, or say TAG@DIGEST"
            raise self.failure(own["tags"].place, (*at, "tags"), reason)

    def _platforms(self, keys: Keys, at: At) -> tuple[Platform, ...] | None:
        if "platforms" not in keys:
            return None
        value, below = keys["platforms"], (*at, "platforms")
        texts = self.text_or_texts(value, below)
        found = (self.checked(value, below, oci.parse_platform, text) for text in texts)
        return tuple(dict.fromkeys(found)) or None

    def _existing(self, keys: Keys, at: At) -> Existing:
        if "existing" not in keys:
            return "update"
        text = self.one_of(keys["existing"], (*at, "existing"), _EXISTING)
        return "keep" if text == "keep" else "update"

    def _truth(self, keys: Keys, key: str, at: At) -> bool:
        if key not in keys:
            return False
        return _TRUTH[self.one_of(keys[key], (*at, key), tuple(_TRUTH))]

    def _made(self, keys: Keys, key: str, at: At, make: Callable[[str], _Result]) -> _Result:
        value, below = keys[key], (*at, key)
        return self.checked(value, below, make, self.text(value, below))


def _only(keys: Keys, wanted: tuple[str, ...]) -> Keys:
    return {key: value for key, value in keys.items() if key in wanted}


def _called(source: Value) -> str:
    """What an entry is called that has no name: its source, as it is written."""
    content = source.content
    if isinstance(content, list):
        return ", ".join(str(each.content) for each in content)
    return str(content)


def _tag(text: str) -> str:
    """A tag, a digest or `TAG@DIGEST`; UsageError for anything else."""
    tag, _, digest = text.rpartition("@")
    if not tag and ":" not in text and is_tag(text):
        return text
    if tag and not is_tag(tag):
        raise UsageError(f"{tag[:80]!r} is no tag")
    checked_digest(digest)
    return text
