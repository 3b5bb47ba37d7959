"""Repositories on Docker Hub: lists, details, creation, changes, deletion, stars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from hubcli import timestamps
from hubcli.errors import Conflict, HubcliError, NotFound, UsageError
from hubcli.http.doubt import known, made_once
from hubcli.hub.client import Api, namespace_route, repository_route, split
from hubcli.hub.decoding import Object, Row, flag, names, number, objects, text
from hubcli.hub.pages import Listing, NumberedPages, Order
from hubcli.hub.patterns import literal_part
from hubcli.hub.requirements import ADMINISTRATOR, Guarded, Requirement, requiring
from hubcli.reference import is_path

LONGEST_DESCRIPTION = 100
"""Bytes of a short description; the document says characters, the server counts bytes."""

LONGEST_README = 25_000
"""Bytes of an overview."""

MOST_CATEGORIES = 3

_LIST = Requirement("member", "scope-repository-list", reads=True)
_READ = Requirement("member", "scope-repository-read", reads=True)
_CREATE = Requirement("owner or editor", "scope-repository-create")
_EDIT = Requirement(ADMINISTRATOR, "scope-repository-edit")
_DELETE = Requirement(ADMINISTRATOR, "scope-repository-admin")
_FREEZE = Requirement(ADMINISTRATOR, "scope-repository-settings-admin")
_REGISTRY = "docker.io"
_UNREACHED = "it does not exist, or is private and not shown to you"


@dataclass(frozen=True, slots=True)
class Category:
    """A category as Hub lists it: `slug` is what is sent, `name` what people see."""

    slug: str
    name: str


class Repositories:
    """Repositories by their path, `namespace/name`. Rows have the contract's fields."""

    def __init__(self, api: Api, concurrency: int) -> None:
        self._api = api
        self._concurrency = concurrency

    def list(self, namespace: str, name: str | None = None, wanted: int | None = None) -> Listing:
        """The repositories of a user or organization that one may see, by name.

        `name` keeps those whose name contains it; `wanted` is how many will probably be taken.
        GET /v2/namespaces/{namespace}/repositories
        """
        query: dict[str, object] = {} if name is None else {"name": name}
        # The order that stays the same while others push: pages are read at the same time.
        order = Order("name", lambda repository: text(repository.get("name")))
        return Listing(
            Guarded(
                NumberedPages(self._api, namespace_route(namespace), query, order=order),
                namespace,
                _LIST,
            ),
            lambda repository: read_repository(repository, namespace),
            wanted=wanted,
            workers=self._concurrency,
        )

    def matching(self, namespace: str, pattern: str) -> Iterator[Row]:
        """Those of a namespace whose name, without it, a glob matches."""
        for row in self.list(namespace, literal_part(pattern)):
            if fnmatchcase(str(row["name"]).rpartition("/")[2], pattern):
                yield row

    def inspect(self, path: str) -> Row:
        """One repository with its `readme`; NotFound also where one may not see it.

        GET /v2/namespaces/{namespace}/repositories/{repository}
        """
        try:
            with requiring(split(path)[0], _READ):
                found = self._api.get(repository_route(path)).object()
        except NotFound as error:
            error.reason = _UNREACHED
            error.hint = f"hubcli repo ls {split(path)[0]}"
            raise
        return self._details(found, path)

    def create(
        self,
        path: str,
        *,
        private: bool,
        description: str | None = None,
        readme: str | None = None,
    ) -> Row:
        """Create a repository; Conflict where it exists.

        POST /v2/namespaces/{namespace}/repositories
        """
        check_texts(description, readme)
        namespace, name = split(path)
        body: dict[str, object] = {
            "name": name,
            "namespace": namespace,
            "registry": _REGISTRY,
            "is_private": private,
        }
        body |= _texts(description, readme)

        def made() -> Row:
            with requiring(namespace, _CREATE):
                created = self._api.send("POST", namespace_route(namespace), body=body).object()
            return self._details(created, path)

        def found() -> Row | None:
            """What is there; Conflict where it is not as it was to be: then it is another's."""
            row = known(lambda: self.inspect(path))
            wanted = "private" if private else "public", description or ""
            if row is not None and wanted != (row["visibility"], row["description"] or ""):
                raise Conflict("it exists, and is another")
            return row

        try:
            return made_once(made, found)
        except HubcliError as error:
            raise _explained(error, namespace) from None

    def describe(
        self, path: str, *, description: str | None = None, readme: str | None = None
    ) -> None:
        """Change the texts that are given.

        PATCH /v2/namespaces/{namespace}/repositories/{repository}
        """
        check_texts(description, readme)
        with requiring(split(path)[0], _EDIT):
            texts = _texts(description, readme)
            self._api.send("PATCH", repository_route(path), body=texts, repeatable=True)

    def set_private(self, path: str, private: bool) -> None:
        """Change who may see a repository. POST …/privacy"""
        try:
            with requiring(split(path)[0], _EDIT):
                body = {"is_private": private}
                self._api.send_legacy("POST", path, "privacy", body=body, repeatable=True)
        except HubcliError as error:
            raise _explained(error, split(path)[0]) from None

    def set_categories(self, path: str, categories: Sequence[Category]) -> None:
        """Replace the categories of a repository. PATCH …/categories/"""
        body = [{"slug": category.slug, "name": category.name} for category in categories]
        with requiring(split(path)[0], _EDIT):
            self._api.send_legacy("PATCH", path, "categories", body=body, repeatable=True)

    def set_immutable_tags(self, path: str, rules: Sequence[str]) -> None:
        """Let tags that match one of `rules` (RE2) never be moved or deleted; none: all may be.

        PATCH /v2/namespaces/{namespace}/repositories/{repository}/immutabletags
        """
        body = {"immutable_tags": bool(rules), "immutable_tags_rules": [*rules]}
        with requiring(split(path)[0], _FREEZE):
            route = repository_route(path, "immutabletags")
            self._api.send("PATCH", route, body=body, repeatable=True)

    def frozen_by(self, path: str, rule: str) -> Sequence[str]:
        """The tags that a rule (RE2) for immutable tags means, whether or not it is set.

        POST /v2/namespaces/{namespace}/repositories/{repository}/immutabletags/verify
        """
        route = repository_route(path, "immutabletags/verify")
        with requiring(split(path)[0], _FREEZE):
            found = self._api.ask(route, {"regex": rule}).object()
        return names(found.get("tags")) or ()

    def delete(self, path: str) -> None:
        """Delete a repository with all that is in it; Hub does it some time later."""
        with requiring(split(path)[0], _DELETE):
            self._api.send_legacy("DELETE", path)

    def star(self, path: str) -> None:
        """Give one's star; giving it again changes nothing."""
        with requiring(split(path)[0], _EDIT):
            self._api.send_legacy("POST", path, "stars", body={}, repeatable=True)

    def unstar(self, path: str) -> None:
        """Take one's star back; that there was none is no failure, that there is no such
        repository is."""
        try:
            with requiring(split(path)[0], _EDIT):
                self._api.send_legacy("DELETE", path, "stars")
        except NotFound:
            self.inspect(path)

    def categories(self, wanted: Iterable[str]) -> Sequence[Category]:
        """Hub's categories by slug or name; UsageError where there is none such.

        GET /v2/categories/
        """
        return choose_categories(self.all_categories(), wanted)

    def all_categories(self) -> Sequence[Category]:
        """Every category there is. GET /v2/categories/"""
        return [
            Category(slug, text(item.get("name")) or slug)
            for item in objects(self._api.get("/v2/categories/", anonymous=True).json())
            if (slug := text(item.get("slug")))
        ]

    @staticmethod
    def _details(found: Object, path: str) -> Row:
        namespace, name = split(path)
        row = read_repository({"name": name, **found}, namespace) or {}
        row["readme"] = text(found.get("full_description")) or ""
        return row


def read_repository(repository: Object, namespace: str) -> Row | None:
    """A row from a repository as Hub sends it; None where it has no name that can be one.

    `immutable_tags` are the rules, empty where there are none, None where Hub did not say.
    Hub does not tell the time of the last push: `last_updated` moves with other changes, too.
    """
    name = text(repository.get("name"))
    namespace = text(repository.get("namespace")) or namespace.lower()
    if name is None or not is_path(f"{namespace}/{name}".lower()):
        return None
    private = flag(repository.get("is_private"))
    return {
        "name": f"{namespace}/{name}",
        "visibility": None if private is None else "private" if private else "public",
        "description": text(repository.get("description")),
        "stars": number(repository.get("star_count")),
        "pulls": number(repository.get("pull_count")),
        "updated": timestamps.normalised(repository.get("last_updated")),
        "namespace": namespace,
        "registry": _REGISTRY,
        "created": timestamps.normalised(repository.get("date_registered")),
        "pushed": None,
        "size": number(repository.get("storage_size")),
        "categories": names(repository.get("categories"), "slug", "name"),
        "immutable_tags": _rules(repository.get("immutable_tags_settings")),
        "archived": flag(repository.get("archived")),
        "permissions": _permissions(repository.get("permissions")),
    }


def check_texts(description: str | None = None, readme: str | None = None) -> None:
    """UsageError where a text is longer than Hub takes, in bytes of UTF-8."""
    limits = (
        ("description", description, LONGEST_DESCRIPTION),
        ("readme", readme, LONGEST_README),
    )
    for what, content, limit in limits:
        try:
            size = len((content or "").encode())
        except UnicodeEncodeError:
            raise UsageError(f"the {what} is not UTF-8") from None
        if size > limit:
            raise UsageError(f"the {what} has {size:,} bytes; Docker Hub takes {limit:,}")


def _texts(description: str | None, readme: str | None) -> dict[str, object]:
    given = {"description": description, "full_description": readme}
    return {field: content for field, content in given.items() if content is not None}


def _rules(settings: object) -> list[str] | None:
    if not isinstance(settings, dict):
        return None
    rules = names(settings.get("rules")) or []
    return (rules or [".*"]) if settings.get("enabled") is True else []


def _permissions(permissions: object) -> list[str] | None:
    if not isinstance(permissions, dict):
        return None
    return [name for name in ("read", "write", "admin") if permissions.get(name) is True]


def choose_categories(known: Sequence[Category], wanted: Iterable[str]) -> Sequence[Category]:
    """Those of the `known` categories, by slug or name; UsageError where there is none such."""
    by_name = {name.lower(): each for each in known for name in (each.name, each.slug)}
    chosen = list(dict.fromkeys(_category(name, by_name) for name in wanted))
    if len(chosen) > MOST_CATEGORIES:
        raise UsageError(f"a repository has at most {MOST_CATEGORIES} categories")
    return chosen


def _category(wanted: str, known: dict[str, Category]) -> Category:
    found = known.get(wanted.strip().lower())
    if found is None:
        slugs = sorted({category.slug for category in known.values()})
        close = get_close_matches(wanted.lower(), slugs, n=3, cutoff=0.5)
        raise UsageError(
            f"Docker Hub has no category {wanted!r}; it has {', '.join(close or slugs)}"
            + (" and others" if close else "")
        )
    return found


def _explained(error: HubcliError, namespace: str) -> HubcliError:
    """A limit of the plan is no lack of rights: say what it is about."""
    told = error.reason.lower()
    if "private" in told and ("limit" in told or "upgrade" in told or "quota" in told):
        error.reason = (
            f"the plan of {namespace} has no private repository left, but --public is free:"
            f" {error.reason}"
        )
        error.hint = f"hubcli repo ls {namespace} --private"
    return error
