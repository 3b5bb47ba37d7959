"""Reading an organization out of a document: every key known, every value of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from hubcli.desired.organization import OWNERS, Organization, Repository, Team
from hubcli.documents.reading import At, Read, Reading
from hubcli.documents.tree import Value, read_tree
from hubcli.errors import UsageError
from hubcli.hub.grants import PERMISSIONS
from hubcli.hub.repositories import MOST_CATEGORIES, check_texts
from hubcli.hub.webhooks import check_url

_VISIBILITIES = ("public", "private")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
_LONGEST_NAME = 255
_Result = TypeVar("_Result")


def read_document(
    text: str, name: str, overview: Callable[[str], str] = lambda path: path
) -> Organization:
    """The organization that the document `text`, from the file `name`, describes.

    `overview` reads the file that a repository's overview is in. UsageError names the first thing
    that is wrong, with line and column where the format tells.
    """
    return _Document(name, overview).organization(read_tree(text, name))


def is_repository_name(name: str) -> bool:
    """Whether Hub would take `name` for a repository; only then is it safe as a file's, too."""
    return 2 <= len(name) <= _LONGEST_NAME and _REPOSITORY.fullmatch(name) is not None


class _Document(Reading):
    def __init__(self, name: str, overview: Callable[[str], str]) -> None:
        super().__init__(name)
        self._overview = overview

    def organization(self, root: Value) -> Organization:
        known = ("organization", "teams", "members", "repositories")
        keys = self.keys(root, (), known)
        if "organization" not in keys:
            raise self.failure(root.place, (), "it names no organization: organization: NAME")
        name = self.text(keys["organization"], ("organization",)).lower()
        if "/" in name:
            raise self.failure(keys["organization"].place, ("organization",), "that is no name")
        return Organization(
            name,
            _if_named(keys, "teams", partial(self._teams, at=("teams",))),
            _if_named(keys, "members", partial(self._members, at=("members",))),
            _if_named(
                keys, "repositories", partial(self._repositories, at=("repositories",), of=name)
            ),
        )

    def _teams(self, value: Value, at: At) -> Mapping[str, Team]:
        return self.named(value, at, self._team)

    def _team(self, value: Value, at: At) -> Team:
        keys = self.keys(value, at, ("description", "members"))
        if at[-1] == OWNERS and "members" in keys:
            reason = "an owner is somebody with the role owner in members"
            raise self.failure(keys["members"].key, (*at, "members"), reason)
        return Team(
            _if_named(keys, "description", partial(self.text, at=(*at, "description"), empty=True)),
            _if_named(keys, "members", partial(self._people, at=(*at, "members"))),
        )

    def _people(self, value: Value, at: At) -> Sequence[str]:
        return tuple(dict.fromkeys(name.lower() for name in self.texts(value, at)))

    def _members(self, value: Value, at: At) -> Mapping[str, str | None]:
        """Roles by name; a list of names leaves the roles to Hub."""
        if isinstance(value.content, list):
            return dict.fromkeys(self._people(value, at))
        return self.named(value, at, self._role)

    def _role(self, value: Value, at: At) -> str | None:
        return None if value.content is None else self.text(value, at).lower()

    def _repositories(self, value: Value, at: At, of: str) -> Mapping[str, Repository]:
        def short(name: str) -> str:
            return name.lower().removeprefix(f"{of}/")

        return self.named(value, at, self._repository, short)

    def _repository(self, value: Value, at: At) -> Repository:
        if not is_repository_name(at[-1]):
            reason = "that is no name of a repository: 2 to 255 of a-z, 0-9, . _ -"
            raise self.failure(value.key, at, reason)
        readers: dict[str, Read[object]] = {
            "description": partial(self.text, empty=True),
            "overview": self._overview_of,
            "visibility": self._visibility,
            "categories": self._categories,
            "immutable_tags": self._rules,
            "teams": partial(self.named, read=self._permission),
            "webhooks": partial(self.named, read=self._url, name=str),
        }
        keys = self.keys(value, at, readers)
        read = {key: readers[key](each, (*at, key)) for key, each in keys.items()}
        repository = Repository(**read)  # type: ignore[arg-type]
        self.checked(keys.get("description", value), at, check_texts, repository.description, None)
        return repository

    def _overview_of(self, value: Value, at: At) -> str:
        path = self.text(value, at)
        try:
            text = self._overview(path)
            check_texts(readme=text)
        except UsageError as error:
            raise self.failure(value.place, at, error.reason) from None
        return text

    def _visibility(self, value: Value, at: At) -> str:
        return self.one_of(value, at, _VISIBILITIES)

    def _permission(self, value: Value, at: At) -> str:
        return self.one_of(value, at, PERMISSIONS)

    def _categories(self, value: Value, at: At) -> Sequence[str]:
        categories = tuple(dict.fromkeys(self.texts(value, at)))
        if len(categories) > MOST_CATEGORIES:
            reason = f"a repository has at most {MOST_CATEGORIES} categories"
            raise self.failure(value.place, at, reason)
        return categories

    def _rules(self, value: Value, at: At) -> Sequence[str]:
        return tuple(dict.fromkeys(self.texts(value, at)))

    def _url(self, value: Value, at: At) -> str:
        url = self.text(value, at)
        self.checked(value, at, check_url, url)
        return url


def _if_named(
    keys: Mapping[str, Value], key: str, read: Callable[[Value], _Result]
) -> _Result | None:
    return read(keys[key]) if key in keys else None
