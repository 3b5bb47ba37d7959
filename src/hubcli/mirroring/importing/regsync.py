"""The file that regsync reads (regclient, cmd/regsync): version 1 of its configuration.

version: 1
creds: [{registry: localhost:5000, tls: disabled}]
defaults: {ratelimit: {min: 100}, interval: 60m, parallel: 2}
sync:
  - {source: alpine, target: 'localhost:5000/alpine', type: repository, tags: {allow: ['3.*']}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hubcli.documents.reading import At, Reading
from hubcli.documents.tree import Value, read_tree
from hubcli.documents.writing import Plain
from hubcli.mirroring.importing.imported import Imported, is_literal, refusal
from hubcli.mirroring.importing.skopeo import semver
from hubcli.tags.patterns import LONGEST_PATTERN

_ROOT = ("version", "creds", "defaults", "sync")
_TYPES = ("image", "repository", "registry")
_SAID = frozenset({"digestTags", "referrers", "platform", "platforms"})
_OF_ENTRIES = frozenset({"source", "target", "type", "tags", "tagSets", "repos"})
_OF_THE_RUN = {
    "interval": "sync --watch {}",
    "parallel": "sync --images {}",
}
_BELOW = re.compile(r"(?:(.*)/)?\.[*+]")
_FILTERS = ("allow", "deny", "semverRange")

Keys = Mapping[str, Value]


def read(text: str, name: str) -> Imported:
    """The entries of the file `text`, called `name`."""
    return _Regsync(name).imported(read_tree(text, name))


class _Regsync(Reading):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._found = Imported()

    def imported(self, root: Value) -> Imported:
        keys = self.mapping(root, ())
        self._found.lose("the file", (key for key in keys if key not in _ROOT and key[:2] != "x-"))
        for each in self.items(keys["creds"], ("creds",)) if "creds" in keys else ():
            self._credential(self.mapping(each, ("creds",)))
        defaults = self.mapping(keys["defaults"], ("defaults",)) if "defaults" in keys else {}
        self._run("defaults", defaults)
        for number, each in enumerate(
            self.items(keys["sync"], ("sync",)) if "sync" in keys else (), 1
        ):
            at = ("sync", str(number))
            own = self.mapping(each, at)
            self._run(".".join(at), own)
            self._entry({**defaults, **own}, at)
        return self._found

    def _credential(self, keys: Keys) -> None:
        host = self._said(keys, "registry", ("creds",)) or "docker.io"
        if {"user", "pass", "credHelper"} & keys.keys():
            self._found.note(f"creds: {host}: not taken over: hubcli login {host}")
        if "tls" in keys and keys["tls"].content == "disabled":
            self._found.note(
                f"creds: {host}: plain http is said by: hubcli config set "
                f"registries.{host}.plain_http true"
            )
        elif "tls" in keys and keys["tls"].content == "insecure":
            self._found.losses.append(
                f"creds: {host}: tls: insecure is left out: name its certificate authority with "
                f"hubcli config set registries.{host}.ca_file FILE"
            )
        known = {"registry", "user", "pass", "credHelper", "tls"}
        self._found.lose(f"creds: {host}", (key for key in keys if key not in known))

    def _run(self, at: str, keys: Keys) -> None:
        """Note what is said on the command line here, and what is not said at all."""
        for key, value in keys.items():
            if key in _SAID or key in _OF_ENTRIES or key[:2] == "x-":
                continue
            if key in _OF_THE_RUN and isinstance(value.content, str):
                self._found.note(f"{at}: {key}: hubcli {_OF_THE_RUN[key].format(value.content)}")
            elif key == "ratelimit":
                limits = self.mapping(value, (at, key))
                least = self._said(limits, "min", (at, key)) or "N"
                self._found.note(
                    f"{at}: ratelimit: hubcli sync --keep-quota {least} --quota-action wait"
                )
            elif key == "fastCheck":
                self._found.note(f"{at}: fastCheck: digests are compared here, and nothing else")
            else:
                self._found.lose(at, (key,))

    def _entry(self, keys: Keys, at: At) -> None:
        where = ".".join(at)
        source, target = self._said(keys, "source", at), self._said(keys, "target", at)
        if source is None or target is None:
            raise self.failure(None, at, "source and target are wanted here")
        if "{{" in f"{source}{target}":
            self._found.losses.append(f"{where} is left out: there are no templates of Go here")
            return
        kind = self.one_of(keys["type"], (*at, "type"), _TYPES) if "type" in keys else "repository"
        how = dict(self._how(keys, at))
        if kind == "image":
            self._found.named({"source": source, "target": target, **how})
            return
        sources: list[str] | None = [source]
        if kind == "registry":
            sources, target = self._repositories(source, keys, at), f"{target}/"
        if sources is None:
            self._found.losses.append(
                f"{where} is left out: its repos are more than patterns can say"
            )
            return
        for chosen in self._chosen(keys, at):
            named: Plain = sources if len(sources) > 1 else sources[0]
            entry = {"source": named, "target": target, **chosen, **how}
            if len(sources) > 1:
                entry = {"name": f"{source} {at[-1]}", **entry}
            self._found.named(entry)

    def _how(self, keys: Keys, at: At) -> Iterator[tuple[str, Plain]]:
        platforms = [
            text
            for key in ("platform", "platforms")
            if key in keys
            for text in self.text_or_texts(keys[key], (*at, key))
        ]
        if platforms:
            yield "platforms", platforms
        for key, own in (("referrers", "referrers"), ("digestTags", "digest-tags")):
            if self._said(keys, key, at) == "true":
                yield own, True

    def _chosen(self, keys: Keys, at: At) -> Iterator[Mapping[str, Plain]]:
        """What chooses tags, by set: a tag is wanted where one of them does."""
        sets = [(keys["tags"], (*at, "tags"))] if "tags" in keys else []
        if "tagSets" in keys:
            below = (*at, "tagSets")
            sets += [(each, below) for each in self.items(keys["tagSets"], below)]
        if not sets:
            yield {}
        for value, place in sets:
            yield from self._set(self.keys(value, place, _FILTERS), place)

    def _set(self, keys: Keys, at: At) -> Iterator[Mapping[str, Plain]]:
        """One filter of tags; several where an expression for all of it would be too long."""
        allow, deny, ranges = (
            self.texts(keys[key], (*at, key)) if key in keys else () for key in _FILTERS
        )
        where = ".".join(at)
        found: dict[str, Plain] = {}
        if ranges:
            versions = semver(self._found, where, ranges)
            if versions is None:
                return
            found |= versions
        if allow and not deny and not ranges and all(map(_is_one_tag, allow)):
            yield {"tags": list(allow)}
            return
        if not allow and not deny:
            yield found
            return
        for pattern in _regexes(allow, deny):
            refused = refusal(pattern)
            if refused is None:
                yield {**found, "match": pattern}
            else:
                self._found.losses.append(f"{where} is left out: {refused}")

    def _repositories(self, host: str, keys: Keys, at: At) -> list[str] | None:
        """The patterns of a registry's repositories; None where there are none for it."""
        if "repos" not in keys:
            return [f"{host}/**"]
        filters = self.keys(keys["repos"], (*at, "repos"), ("allow", "deny"))
        allow = self.texts(filters["allow"], (*at, "repos", "allow")) if "allow" in filters else []
        if filters.get("deny") and filters["deny"].content:
            return None
        patterns: list[str] = []
        for pattern in allow or [".*"]:
            below = _BELOW.fullmatch(pattern)
            if below and is_literal(below[1] or ""):
                patterns.append(f"{host}/{f'{below[1]}/' if below[1] else ''}**")
            elif is_literal(pattern):
                patterns.append(f"{host}/{pattern}")
            else:
                return None
        return patterns

    def _said(self, keys: Keys, key: str, at: At) -> str | None:
        return self.text(keys[key], (*at, key)) if key in keys else None


def _is_one_tag(pattern: str) -> bool:
    """Whether an expression can match one tag only."""
    return is_literal(pattern) and "." not in pattern


def _regexes(allow: Sequence[str], deny: Sequence[str]) -> Iterator[str]:
    """regsync's expressions hold for whole tags; what is denied is not allowed by any."""
    refused = f"(?!(?:{'|'.join(deny)})$)" if deny else ""
    group: list[str] = []
    for pattern in allow or (".*",):
        if group and len(_regex(refused, [*group, pattern])) > LONGEST_PATTERN:
            yield _regex(refused, group)
            group = []
        group.append(pattern)
    yield _regex(refused, group)


def _regex(refused: str, allowed: Sequence[str]) -> str:
    return f"^{refused}(?:{'|'.join(allowed)})$"
