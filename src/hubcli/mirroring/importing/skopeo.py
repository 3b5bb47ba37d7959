"""The file that `skopeo sync --src yaml` reads (skopeo-sync(1)): registries, and what of them.

registry.example.com:
  images: {redis: ["1.0"], busybox: []}      # no tags are all
  images-by-tag-regex: {nginx: ^1\\.13}
  images-by-semver: {alpine: '>= 3.12'}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubcli.documents.reading import At, Reading
from hubcli.documents.tree import Value, read_tree
from hubcli.documents.writing import Plain
from hubcli.errors import UsageError
from hubcli.mirroring.importing.imported import Imported, refusal
from hubcli.semver import parse_range

_IMAGES, _REGEX, _SEMVER = "images", "images-by-tag-regex", "images-by-semver"
_KEYS = (_IMAGES, _REGEX, _SEMVER, "credentials", "tls-verify", "cert-dir")
_PLATFORMS = (
    "skopeo copies the image for its own platform unless it is run with --all: "
    "here all are copied where no platforms are named"
)


def read(text: str, name: str, target: str) -> Imported:
    """The entries of the file `text`, called `name`; `target` is a template for all of them."""
    return _Skopeo(name, target).imported(read_tree(text, name))


class _Skopeo(Reading):
    def __init__(self, name: str, target: str) -> None:
        super().__init__(name)
        self._target = target
        self._found = Imported()

    def imported(self, root: Value) -> Imported:
        for registry, value in self.mapping(root, ()).items():
            self._registry(registry, self.keys(value, (registry,), _KEYS))
        if self._found.entries:
            self._found.note(_PLATFORMS)
        return self._found

    def _registry(self, registry: str, keys: Mapping[str, Value]) -> None:
        for section, make in (
            (_IMAGES, self._images),
            (_REGEX, self._regex),
            (_SEMVER, self._semver),
        ):
            if section not in keys:
                continue
            at = (registry, section)
            for name, value in self.mapping(keys[section], at).items():
                made = make(value, (*at, name))
                if made is not None:
                    entry = {"source": f"{registry}/{name}", "target": self._target}
                    self._found.named({**entry, **made})
        if "credentials" in keys:
            self._found.note(f"{registry}: credentials are not taken over: hubcli login {registry}")
        if "tls-verify" in keys and keys["tls-verify"].content == "false":
            self._found.losses.append(
                f"{registry}: tls-verify: false is left out: name its certificate authority with "
                f"hubcli config set registries.{registry}.ca_file FILE"
            )
        if "cert-dir" in keys:
            self._found.note(
                f"{registry}: cert-dir is not taken over: hubcli config set "
                f"registries.{registry}.ca_file FILE, and client_cert"
            )

    def _images(self, value: Value, at: At) -> Mapping[str, Plain]:
        texts: Sequence[str] = self.text_or_texts(value, at)
        return {"tags": list(texts)} if texts else {}

    def _regex(self, value: Value, at: At) -> Mapping[str, Plain] | None:
        pattern = self.text(value, at)
        refused = refusal(pattern)
        if refused is not None:
            self._found.losses.append(f"{'.'.join(at)} is left out: {refused}")
            return None
        return {"match": pattern}

    def _semver(self, value: Value, at: At) -> Mapping[str, Plain] | None:
        return semver(self._found, ".".join(at), self.text_or_texts(value, at))


def semver(found: Imported, at: str, ranges: Sequence[str]) -> Mapping[str, Plain] | None:
    """Ranges of which one has to hold; what has something behind its version is a pre-release to
    these tools, and in none of them."""
    joined = " || ".join(ranges)
    try:
        parse_range(joined)
    except UsageError as error:
        found.losses.append(f"{at}: {joined!r} is left out: {error.reason}")
        return None
    return {"semver": joined, "variant": ""}
