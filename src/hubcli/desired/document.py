"""Reading an organization out of a document: every key known, every value of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

from hubcli.desired.organization import OWNERS, Organization, Repository, Team
from hubcli.desired.tree import Place, Value, failure_at, read_tree
from hubcli.errors import UsageError
from hubcli.hub.grants import PERMISSIONS
from hubcli.hub.repositories import MOST_CATEGORIES, check_texts
from hubcli.hub.webhooks import check_url

_VISIBILITIES = ("public", "private")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
_LONGEST_NAME = 255
_Result = TypeVar("_Result")
_Reader = Callable[[Value, tuple[str, ...]], _Result]


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


class _Document:
    """Reads values; failures say where in the document they are, and under which keys."""

    def __init__(self, name: str, overview: Callable[[str], str]) -> None:
        self._file = name
        self._overview = overview

    def organization(self, root: Value) -> Organization:
        known = ("organization", "teams", "members", "repositories")
        keys = self._keys(root, (), known)
        if "organization" not in keys:
            raise self._failure(root.place, (), "it names no organization: organization: NAME")
        name = self._text(keys["organization"], ("organization",)).lower()
        if "/" in name:
            raise self._failure(keys["organization"].place, ("organization",), "that is no name")
        return Organization(
            name,
            _if_named(keys, "teams", partial(self._teams, at=("teams",))),
            _if_named(keys, "members", partial(self._members, at=("members",))),
            _if_named(
                keys, "repositories", partial(self._repositories, at=("repositories",), of=name)
            ),
        )

    def _teams(self, value: Value, at: tuple[str, ...]) -> Mapping[str, Team]:
        return self._named(value, at, self._team)

    def _team(self, value: Value, at: tuple[str, ...]) -> Team:
        keys = self._keys(value, at, ("description", "members"))
        if at[-1] == OWNERS and "members" in keys:
            reason = "an owner is somebody with the role owner in members"
            raise self._failure(keys["members"].key, (*at, "members"), reason)
        return Team(
            _if_named(
                keys, "description", partial(self._text, at=(*at, "description"), empty=True)
            ),
            _if_named(keys, "members", partial(self._people, at=(*at, "members"))),
        )

    def _people(self, value: Value, at: tuple[str, ...]) -> Sequence[str]:
        return tuple(dict.fromkeys(name.lower() for name in self._texts(value, at)))

    def _members(self, value: Value, at: tuple[str, ...]) -> Mapping[str, str | None]:
        """Roles by name; a list of names leaves the roles to Hub."""
        if isinstance(value.content, list):
            return dict.fromkeys(self._people(value, at))
        return self._named(value, at, self._role)

    def _role(self, value: Value, at: tuple[str, ...]) -> str | None:
        return None if value.content is None else self._text(value, at).lower()

    def _repositories(self, value: Value, at: tuple[str, ...], of: str) -> Mapping[str, Repository]:
        def short(name: str) -> str:
            return name.lower().removeprefix(f"{of}/")

        return self._named(value, at, self._repository, short)

    def _repository(self, value: Value, at: tuple[str, ...]) -> Repository:
        if not is_repository_name(at[-1]):
            reason = "that is no name of a repository: 2 to 255 of a-z, 0-9, . _ -"
            raise self._failure(value.key, at, reason)
        readers: dict[str, _Reader[object]] = {
            "description": partial(self._text, empty=True),
            "overview": self._overview_of,
            "visibility": self._visibility,
            "categories": self._categories,
            "immutable_tags": self._rules,
            "teams": partial(self._named, read=self._permission),
            "webhooks": partial(self._named, read=self._url, name=str),
        }
        keys = self._keys(value, at, readers)
        read = {key: readers[key](each, (*at, key)) for key, each in keys.items()}
        repository = Repository(**read)  # type: ignore[arg-type]
        self._checked(keys.get("description", value), at, check_texts, repository.description, None)
        return repository

    def _overview_of(self, value: Value, at: tuple[str, ...]) -> str:
        path = self._text(value, at)
        try:
            text = self._overview(path)
            check_texts(readme=text)
        except UsageError as error:
            raise self._failure(value.place, at, error.reason) from None
        return text

    def _visibility(self, value: Value, at: tuple[str, ...]) -> str:
        return self._one_of(value, at, _VISIBILITIES)

    def _permission(self, value: Value, at: tuple[str, ...]) -> str:
        return self._one_of(value, at, PERMISSIONS)

    def _categories(self, value: Value, at: tuple[str, ...]) -> Sequence[str]:
        categories = tuple(dict.fromkeys(self._texts(value, at)))
        if len(categories) > MOST_CATEGORIES:
            reason = f"a repository has at most {MOST_CATEGORIES} categories"
            raise self._failure(value.place, at, reason)
        return categories

    def _rules(self, value: Value, at: tuple[str, ...]) -> Sequence[str]:
        return tuple(dict.fromkeys(self._texts(value, at)))

    def _url(self, value: Value, at: tuple[str, ...]) -> str:
        url = self._text(value, at)
        self._checked(value, at, check_url, url)
        return url

    # Kinds of values

    def _keys(self, value: Value, at: tuple[str, ...], known: Iterable[str]) -> Mapping[str, Value]:
        """The members of a mapping whose keys are known."""
        mapping, names = self._mapping(value, at), [*known]
        for key, each in mapping.items():
            if key not in names:
                close = get_close_matches(key.lower(), names, n=1)
                advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
                raise self._failure(each.key, (*at, key), f"there is no such key; {advice}")
        return mapping

    def _named(
        self,
        value: Value,
        at: tuple[str, ...],
        read: _Reader[_Result],
        name: Callable[[str], str] = str.lower,
    ) -> Mapping[str, _Result]:
        """What is read of each member of a mapping, by name as `name` spells it."""
        found: dict[str, _Result] = {}
        for key, each in self._mapping(value, at).items():
            known = name(key)
            if not known.strip() or not known.isprintable():
                raise self._failure(each.key, (*at, key), "that is no name")
            if known in found:
                raise self._failure(each.key, (*at, key), f"{known} is there twice")
            found[known] = read(each, (*at, known))
        return found

    def _mapping(self, value: Value, at: tuple[str, ...]) -> Mapping[str, Value]:
        content = {} if value.content is None else value.content
        if not isinstance(content, dict):
            raise self._failure(value.place, at, "a mapping of names is wanted here")
        return content

    def _texts(self, value: Value, at: tuple[str, ...]) -> Sequence[str]:
        content = [] if value.content is None else value.content
        if not isinstance(content, list):
            raise self._failure(value.place, at, "a list is wanted here")
        return [self._text(each, at) for each in content]

    def _one_of(self, value: Value, at: tuple[str, ...], known: Sequence[str]) -> str:
        text = self._text(value, at)
        if text not in known:
            raise self._failure(value.place, at, f"one of {', '.join(known)} is wanted here")
        return text

    def _text(self, value: Value, at: tuple[str, ...], empty: bool = False) -> str:
        if isinstance(value.content, str) and (empty or value.content.strip()):
            return value.content
        raise self._failure(value.place, at, "a text is wanted here")

    def _checked(
        self, value: Value, at: tuple[str, ...], check: Callable[..., None], *given: object
    ) -> None:
        try:
            check(*given)
        except UsageError as error:
            raise self._failure(value.place, at, error.reason) from None

    def _failure(self, place: Place | None, keys: tuple[str, ...], reason: str) -> UsageError:
        return failure_at(self._file, place, ": ".join(filter(None, (".".join(keys), reason))))


def _if_named(
    keys: Mapping[str, Value], key: str, read: Callable[[Value], _Result]
) -> _Result | None:
    return read(keys[key]) if key in keys else None
