"""What commands about attachments have in common: the image that they are attached to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.images import places, shown
from hubcli.cli.runtime import Runtime
from hubcli.errors import doing
from hubcli.output import Row

if TYPE_CHECKING:
    from hubcli.artifacts.attachments import Attachment, Subject
    from hubcli.oci import Descriptor
    from hubcli.stores import Source

Image = Annotated[
    str, typer.Argument(metavar="REF", help="A reference, or an image in a local store.")
]
File = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")
]


@dataclass(frozen=True, slots=True)
class Opened:
    """An image, and what of it attachments may refer to; `shown` can be handed back to hubcli,
    `name` is its repository, or None where it is in no registry."""

    store: Source
    subject: Subject
    shown: str
    name: str | None

    def row(self, attachment: Attachment) -> Row:
        """An attachment as every command shows it."""
        from hubcli import timestamps

        found = attachment.descriptor
        created = found.annotations.get("org.opencontainers.image.created")
        return {
            "digest": found.digest,
            "artifact_type": found.artifact_type,
            "media_type": found.media_type,
            "size": found.size,
            "annotations": dict(found.annotations),
            "created": timestamps.normalised(created),
            "source": attachment.source,
            "subject": attachment.subject,
            "platform": None if attachment.platform is None else str(attachment.platform),
            "tag": attachment.tag,
            "reference": None if self.name is None else f"{self.name}@{found.digest}",
        }


@contextmanager
def opened(
    runtime: Runtime, text: str, platform: str | None, action: str, *, one_image: bool = False
) -> Iterator[Opened]:
    """The image that `text` spells; failures inside are told as those of `action`.

    Attachments are those of what `text` names, or of the image for `platform` inside it. With
    `one_image` it is one image in any case, this machine's without a wish, and what is attached
    to the whole index counts, too. What is attached to a digest is found where the image itself
    is gone, or yet to come.
    """
    from hubcli.artifacts.attachments import Subject
    from hubcli.inspection import pick
    from hubcli.oci import parse_platform
    from hubcli.reference import Reference
    from hubcli.stores import spelling

    wanted = parse_platform(platform) if platform else None
    spelled = spelling.parse(text)
    name = spelled.name if isinstance(spelled, Reference) else None
    with doing(action, str(spelled)), places(runtime).source(spelled) as image:
        store = image.store
        found = _found(store, image.identifier)
        if isinstance(found, str):
            subject = Subject((found,))
        elif not found.is_index and wanted is None:
            subject = Subject((found.digest,))
        else:
            top = store.manifest(found.digest)
            index = top if top.is_index else None
            if one_image or wanted is not None:
                chosen = pick(store, top, wanted).manifest.digest
                digests = (chosen, found.digest) if one_image else (chosen,)
                subject = Subject(tuple(dict.fromkeys(digests)), index, chosen)
            else:
                subject = Subject((found.digest,), index)
        yield Opened(store, subject, shown(spelled), name)


def _found(store: Source, identifier: str) -> Descriptor | str:
    """What is there; a digest alone where only what is attached to it is there."""
    from hubcli.artifacts.attachments import Attachments, Subject
    from hubcli.errors import NotFound
    from hubcli.oci import is_digest

    try:
        return store.resolve(identifier)
    except NotFound:
        if is_digest(identifier) and any(Attachments(store, Subject((identifier,)))):
            return identifier
        raise
