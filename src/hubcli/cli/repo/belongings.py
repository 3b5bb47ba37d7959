"""What a repository has besides its images, and what of it another place can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubcli.cli.brief import brief
from hubcli.cli.provided import capable
from hubcli.cli.repo.changing import Wish, changes_on_hub
from hubcli.cli.repo.creating import default_visibility
from hubcli.cli.repo.plans import Change
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, Unsupported, UsageError, doing
from hubcli.output import Row
from hubcli.reference import Reference

if TYPE_CHECKING:
    from hubcli.hub.repositories import Repositories
    from hubcli.providers import Creation, Provider

FIELDS = ("visibility", "description", "readme", "categories", "immutable_tags")
_CALLED = {"readme": "overview", "immutable_tags": "immutable tags"}
_EVERY_TAG = [".*"]

Apply = Callable[[], None]


@dataclass(frozen=True)
class Item:
    """One thing that a repository has, what becomes of it, and how; `left` are never applied.

    `last` is what would be in the way of the tags.
    """

    field: str
    action: str
    value: object
    apply: Apply | None = None
    last: bool = False

    @property
    def called(self) -> str:
        return called(self.field)


@dataclass(frozen=True)
class Home:
    """The repository that images are copied to. `create` makes it, where it is not there."""

    reference: Reference
    row: Row | None
    items: Sequence[Item]
    create: Apply | None = None

    @property
    def lines(self) -> Iterator[str]:
        """What happens to it, in words."""
        made = [one for one in self.items if one.action == "create"]
        if self.create is not None:
            told = (str(one.value) if one.field == "visibility" else one.called for one in made)
            yield f"creates {self.reference.name}: {', '.join(told)}".rstrip(": ")
        for one in self.items:
            if one.action == "set":
                yield f"sets the {one.called}: {brief(one.value)}"
        for action, words in (
            ("keep", "keeps its own {}; --force replaces that"),
            ("leave", "does not keep {}: left out"),
        ):
            found = [one.called for one in self.items if one.action == action]
            if found:
                place = self.reference.name if action == "keep" else self.reference.host
                yield f"{place} {words.format(', '.join(found))}"

    def rows(self, source: Reference) -> Iterator[Row]:
        for one in self.items:
            yield {
                "item": one.field,
                "action": one.action,
                "reason": brief(one.value),
                "reference": self.reference.short,
                "source": source.short,
            }

    def begin(self) -> None:
        """Have it there, with what it is to have before any image comes."""
        if self.create is not None:
            with doing("create", self.reference.name):
                self.create()
        self._apply(last=False)

    def end(self) -> None:
        self._apply(last=True)

    def _apply(self, *, last: bool) -> None:
        for one in self.items:
            if one.apply is not None and one.last == last:
                with doing(f"set the {one.called} of", self.reference.name):
                    one.apply()


def called(field: str) -> str:
    return _CALLED.get(field, field)


def belongings(runtime: Runtime, reference: Reference, action: str) -> Row:
    """What is told of a repository: of `FIELDS` those that are, and are not empty."""
    row = inspected(runtime, reference, action) or {}
    return {field: row[field] for field in FIELDS if row.get(field)}


def inspected(runtime: Runtime, reference: Reference, action: str) -> Row | None:
    """The row of a repository; None where its registry does not tell. NotFound without one."""
    from hubcli.providers import ShowsRepositories

    with doing(action, reference.name):
        if reference.on_hub:
            return runtime.session.hub.repositories.inspect(reference.path)
        shows = capable(runtime, reference.host, ShowsRepositories)
        return None if shows is None else shows.repository(reference.path)


def home(
    runtime: Runtime, reference: Reference, wanted: Row, private: bool | None, *, force: bool
) -> Home:
    """What is to be done so that a repository has what is `wanted`.

    What it has already, and is other, is changed with `force` only; nothing is taken from it.
    """
    wanted = dict(wanted)
    if private is not None:
        wanted["visibility"] = "private" if private else "public"
    try:
        row = inspected(runtime, reference, "inspect")
        is_there = row is not None
    except NotFound:
        row, is_there = None, False
    if reference.on_hub:
        return _on_hub(runtime, reference, wanted, row, force)
    if is_there:
        other = [field for field, value in wanted.items() if (row or {}).get(field) != value]
        return Home(reference, row, [Item(field, "leave", wanted[field]) for field in other])
    return _elsewhere(runtime, reference, wanted)


def _on_hub(
    runtime: Runtime, reference: Reference, wanted: Row, row: Row | None, force: bool
) -> Home:
    repositories, path = runtime.session.hub.repositories, reference.path
    if row is None and "visibility" not in wanted:
        private, _ = default_visibility(runtime, path)
        wanted = {"visibility": "private" if private else "public", **wanted}
    items: list[Item] = []
    for field, value in wanted.items():
        last = field == "immutable_tags"
        if not _fits(field, value):
            items.append(Item(field, "leave", value))
        elif row is None:
            made = field not in {"categories", "immutable_tags"}
            apply = None if made else _change(repositories, path, field, value).apply
            items.append(Item(field, "create", value, apply, last))
        elif (change := _change(repositories, path, field, value)).differing(row):
            may = force or not row.get(field)
            action, way = ("set", change.apply) if may else ("keep", None)
            items.append(Item(field, action, value, way, last))
    if row is not None:
        return Home(reference, row, items)
    created = {one.field: one.value for one in items if one.action == "create"}

    def create() -> None:
        repositories.create(
            path,
            private=created.get("visibility") == "private",
            description=_text(created.get("description")),
            readme=_text(created.get("readme")),
        )

    return Home(reference, None, items, create)


def _fits(field: str, value: object) -> bool:
    """Whether Docker Hub takes a text that is another registry's."""
    from hubcli.hub.repositories import check_texts

    text = _text(value)
    try:
        check_texts(text if field == "description" else None, text if field == "readme" else None)
    except UsageError:
        return False
    return True


def _change(repositories: Repositories, path: str, field: str, value: object) -> Change:
    """What `repo edit` would do for one field."""
    wish = Wish(
        value == "private" if field == "visibility" else None,
        _text(value) if field == "description" else None,
        _text(value) if field == "readme" else None,
        _texts(value) if field == "categories" else None,
        _texts(value) if field == "immutable_tags" else None,
    )
    return next(changes_on_hub(repositories, path, wish))


def _elsewhere(runtime: Runtime, reference: Reference, wanted: Row) -> Home:
    """A repository that its registry makes, by its API or because something is pushed to it."""
    from hubcli.providers import CreatesRepositories, Provider

    provider = runtime.session.provider(reference.host)
    if not isinstance(provider, CreatesRepositories):
        left = [field for field in wanted if wanted[field] != "public"]
        return Home(reference, None, [Item(field, "leave", wanted[field]) for field in left])
    assert isinstance(provider, Provider)
    wish = _creation(provider, wanted)
    held = {*_held(wish)}
    items = [
        Item(field, "create" if field in held else "leave", value)
        for field, value in wanted.items()
        if field in held or value != "public"
    ]

    def create() -> None:
        try:
            provider.create_repository(reference.path, wish)
        except Unsupported:
            # What its API makes is larger: a repository inside of that begins with a push.
            left = ", ".join(map(called, held))
            if left:
                runtime.output.notice(f"{reference.name} begins with a push, without {left}")

    return Home(reference, None, items, create)


def _creation(provider: Provider, wanted: Row) -> Creation:
    from hubcli.providers import Creation

    visibility, description = wanted.get("visibility"), wanted.get("description")
    knows = set(provider.creates)
    return Creation(
        visibility == "private" if visibility and "private" in knows else None,
        str(description) if description and "description" in knows else None,
        True if wanted.get("immutable_tags") == _EVERY_TAG and "immutable_tags" in knows else None,
    )


def _held(wish: Creation) -> Iterator[str]:
    if wish.private is not None:
        yield "visibility"
    if wish.description is not None:
        yield "description"
    if wish.immutable_tags is not None:
        yield "immutable_tags"


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, list) else str(value)
