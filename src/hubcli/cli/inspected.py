"""An image as `inspect` and `tag inspect` show it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hubcli.cli.images import places, shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, doing
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.oci import Platform
    from hubcli.stores.spelling import Local


def inspected(runtime: Runtime, text: str, platform: Platform | None) -> Row:
    """The row of the image that `text` spells, in a registry or a local store."""
    from hubcli import inspection
    from hubcli.stores import spelling

    spelled = _tagged(spelling.parse(text))
    with doing("inspect", str(spelled)), places(runtime).source(spelled) as image:
        return inspection.inspect(
            image.store,
            image.identifier,
            reference=shown(spelled),
            platform=platform,
            sizes=partial(_sizes_on_hub, runtime, spelled),
        )


def _tagged(spelled: Reference | Local) -> Reference | Local:
    """What was spelled, with the tag that is meant where a reference has none."""
    if isinstance(spelled, Reference) and not spelled.tag and not spelled.digest:
        return spelled.tagged("latest")
    return spelled


def _sizes_on_hub(runtime: Runtime, spelled: Reference | Local) -> Mapping[str, int]:
    """The sizes of a tag's images as Hub's API has them: reading each manifest counts as a pull."""
    if not isinstance(spelled, Reference) or not spelled.on_hub or spelled.tag is None:
        return {}
    try:
        row = runtime.session.hub.tags.inspect(spelled.path, spelled.tag)
    except HubcliError:
        return {}  # they are found in the manifests, too
    images: Any = row["images"]
    return {image["digest"]: image["size"] for image in images if image["size"] is not None}
