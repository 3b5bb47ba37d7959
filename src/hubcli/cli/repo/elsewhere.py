"""Creating and changing repositories by the API of a registry that has one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hubcli.cli.provided import capable, required
from hubcli.cli.repo.plans import Change
from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, Unsupported, UsageError, doing
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.providers import Edit, EditsRepositories, Provider, ShowsRepositories

_FLAGS: Mapping[str, str] = {
    "private": "--private or --public",
    "description": "--description",
    "immutable_tags": "--immutable-tags",
    "scan_on_push": "--scan-on-push",
}


@dataclass(frozen=True)
class Wanted:
    """What the command line says of a repository; None, or empty, is what it does not."""

    private: bool | None
    description: str | None
    immutable_tags: bool | None
    scan_on_push: bool | None
    options: Sequence[str]


def create_elsewhere(
    runtime: Runtime,
    reference: Reference,
    wanted: Wanted,
    unknown: Sequence[str],
    exist_ok: bool,
) -> Row:
    """The row of the new repository, or of the one that is there, if that will do."""
    from hubcli.providers import CreatesRepositories, Creation, Provider, ShowsRepositories

    provider = required(runtime, reference, CreatesRepositories, "repo create", "create")
    assert isinstance(provider, Provider)
    with doing("create", reference.name):
        options = _options(wanted.options, provider)
        wish = Creation(
            wanted.private,
            wanted.description,
            wanted.immutable_tags,
            wanted.scan_on_push,
            options,
        )
        _refuse(reference.host, wish.asked, provider.creates, unknown)
        try:
            return provider.create_repository(reference.path, wish)
        except Conflict as error:
            shows = capable(runtime, reference.host, ShowsRepositories)
            if not exist_ok or shows is None:
                error.hint = error.hint or f"hubcli tag ls {reference.name}"
                raise
            runtime.output.notice(f"{reference.name} exists already: nothing was changed")
            return shows.repository(reference.path)


def editor(
    runtime: Runtime, reference: Reference, asked: Collection[str], unknown: Sequence[str]
) -> tuple[EditsRepositories, ShowsRepositories]:
    """Who changes a repository; Unsupported unless all that was `asked` for has a meaning there."""
    from hubcli.providers import EditsRepositories, Provider, ShowsRepositories

    provider = required(runtime, reference, EditsRepositories, "repo edit", "edit")
    shows = required(runtime, reference, ShowsRepositories, "repo inspect", "edit")
    assert isinstance(provider, Provider)
    with doing("edit", reference.name):
        _refuse(reference.host, asked, provider.edits, unknown)
    return provider, shows


def changes_elsewhere(
    provider: EditsRepositories, reference: Reference, wish: Edit, options: Sequence[str]
) -> Iterator[Change]:
    """What is to be done, one thing at a time, visibility first."""
    from hubcli.providers import Edit, Provider

    assert isinstance(provider, Provider)
    given = _options(options, provider)
    wishes: list[tuple[dict[str, object], Edit]] = []
    if wish.private is not None:
        visibility = "private" if wish.private else "public"
        wishes.append(({"visibility": visibility}, Edit(private=wish.private)))
    if wish.description is not None:
        description = wish.description
        wishes.append(({"description": description}, Edit(description=description)))
    if wish.immutable_tags is not None:
        rules = wish.immutable_tags
        wishes.append(({"immutable_tags": [*rules]}, Edit(immutable_tags=rules)))
    if wish.scan_on_push is not None:
        scan = wish.scan_on_push
        wishes.append(({"scan_on_push": scan}, Edit(scan_on_push=scan)))
    wishes += [({key: value}, Edit(options={key: value})) for key, value in given.items()]
    path = reference.path
    for after, edit in wishes:
        yield Change(
            after,
            partial(provider.edit_repository, path, edit),
            partial(provider.check_edit, path, edit),
        )


def _refuse(
    host: str, asked: Collection[str], known: Collection[str], unknown: Sequence[str]
) -> None:
    """Unsupported before anything is changed, where something asked for has no meaning there."""
    flags = [*(_FLAGS[name] for name in asked if name not in known), *unknown]
    if flags:
        can = ", ".join(_FLAGS[name] for name in _FLAGS if name in known) or "none of these"
        raise Unsupported(f"{host} does not know {', '.join(flags)}; it knows {can}")


def _options(given: Sequence[str], provider: Provider) -> dict[str, str]:
    """`KEY=VALUE` as the provider takes them; UsageError for what it does not."""
    options = {}
    for text in given:
        key, equals, value = text.partition("=")
        if key not in provider.options or not equals:
            keys = ", ".join(provider.options) or "none"
            host = provider.at.host
            raise UsageError(f"--option {text!r} is not KEY=VALUE with a key of {host}: {keys}")
        options[key] = value
    provider.check_options(options)
    return options
