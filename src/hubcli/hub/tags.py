"""Tags of repositories on Docker Hub, with what only Hub knows of them: dates, sizes, pulls."""

from __future__ import annotations

from hubcli import timestamps
from hubcli.hub.client import Api, repository_route, segment, split
from hubcli.hub.decoding import Object, Row, number, objects, text
from hubcli.hub.pages import Listing, NumberedPages, Order
from hubcli.hub.requirements import ADMINISTRATOR, Guarded, Requirement, requiring
from hubcli.reference import is_tag

_READ = Requirement("member", "scope-tag-read", reads=True)
_DELETE = Requirement(ADMINISTRATOR, "scope-tag-admin")

_ONE_PLATFORM = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    }
)


class Tags:
    """Tags by the path of their repository, `namespace/name`. Rows have the contract's fields."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, path: str, name: str | None = None, wanted: int | None = None) -> Listing:
        """The tags of a repository, newest first, with the number of them in `count`.

        `name` keeps those whose name contains it; `wanted` is how many will probably be taken.
        GET /v2/namespaces/{namespace}/repositories/{repository}/tags
        """
        query: dict[str, object] = {} if name is None else {"name": name}
        # On tags `ordering` runs backwards: without a minus the newest comes first.
        order = Order("last_updated", _updated, descending=True)
        return Listing(
            Guarded(
                NumberedPages(self._api, repository_route(path, "tags"), query, order=order),
                split(path)[0],
                _READ,
            ),
            lambda tag: read_tag(tag, path),
            wanted=wanted,
            workers=self._concurrency,
        )

    def inspect(self, path: str, tag: str) -> Row:
        """One tag; NotFound where there is none.

        GET /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}
        """
        with requiring(split(path)[0], _READ):
            found = self._api.get(repository_route(path, f"tags/{segment(tag)}")).object()
        return read_tag({"name": tag, **found}, path) or {}

    def delete(self, path: str, tag: str) -> None:
        """Delete one tag and nothing else; the manifest it points at stays for its siblings."""
        with requiring(split(path)[0], _DELETE):
            self._api.send_legacy("DELETE", path, f"tags/{segment(tag)}")


def read_tag(tag: Object, path: str) -> Row | None:
    """A row from a tag as Hub sends it, which is not quite as its document says.

    None where it has no name that can be one. `size` is in bytes; `images` has a row for each
    platform.
    """
    name = text(tag.get("name"))
    if name is None or not is_tag(name):
        return None
    repository = path.lower()
    images = [_image(image) for image in objects(tag.get("images")) if not _is_attestation(image)]
    return {
        "name": name,
        "digest": _digest(tag, images),
        "status": text(tag.get("tag_status")) or text(tag.get("status")),
        "updated": timestamps.normalised(tag.get("last_updated")),
        "pushed": timestamps.normalised(tag.get("tag_last_pushed")),
        "pulled": timestamps.normalised(tag.get("tag_last_pulled")),
        "size": number(tag.get("full_size")),
        "platforms": _platforms(images),
        "reference": f"{repository}:{name}",
        "repository": repository,
        "media_type": text(tag.get("media_type")),
        "type": text(tag.get("content_type")),
        "images": images,
    }


def _updated(tag: Object) -> str | None:
    """The time of the last change, as text that sorts."""
    moment = timestamps.parse(tag.get("last_updated"))
    return moment.isoformat(timespec="microseconds") if moment else None


def _digest(tag: Object, images: list[Row]) -> str | None:
    """The digest the tag points at.

    Old tags have none of their own. The only image's is the same one unless an index stands
    between, which the media type tells; where it does not, the digest is unknown.
    """
    own = text(tag.get("digest"))
    if own is None and len(images) == 1 and text(tag.get("media_type")) in _ONE_PLATFORM:
        return text(images[0]["digest"])
    return own


def _is_attestation(image: Object) -> bool:
    """BuildKit's attestation manifests stand among the images as `unknown/unknown`."""
    return image.get("os") == "unknown" and image.get("architecture") == "unknown"


def _image(image: Object) -> Row:
    return {
        "platform": _platform(image),
        "os": text(image.get("os")),
        "architecture": text(image.get("architecture")),
        "variant": text(image.get("variant")),
        "os_version": text(image.get("os_version")),
        "digest": text(image.get("digest")),
        "size": number(image.get("size")),
        "status": text(image.get("status")),
        "pushed": timestamps.normalised(image.get("last_pushed")),
        "pulled": timestamps.normalised(image.get("last_pulled")),
    }


def _platform(image: Object) -> str | None:
    """`os/arch[/variant]`, None where Hub does not know both."""
    parts = [text(image.get(name)) for name in ("os", "architecture", "variant")]
    if parts[0] is None or parts[1] is None:
        return None
    return "/".join(part for part in parts if part)


def _platforms(images: list[Row]) -> list[object]:
    return list(dict.fromkeys(image["platform"] for image in images if image["platform"]))
