"""Writes whose answer is lost: what is said of them, and how it is found out what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hubcli.errors import Conflict, HubcliError, NotFound, Unavailable
from hubcli.http.response import Response

_Made = TypeVar("_Made")

_TOLD = "; it may have been done all the same"
_GONE = frozenset({404, 410})


def is_done(method: str, response: Response) -> bool:
    """Whether an answer that is no success means that an earlier try was one: what is deleted
    twice is not there the second time."""
    return method == "DELETE" and response.in_doubt and response.status in _GONE


@contextmanager
def telling(method: str) -> Iterator[None]:
    """Let the failure of a request that changes something say so where it may be done."""
    try:
        yield
    except Unavailable as error:
        if error.in_doubt and method != "GET" and not error.reason.endswith(_TOLD):
            error.reason += _TOLD
        raise


def settle(error: HubcliError) -> None:
    """Take the doubt out of a failure: nothing was done, as it turned out."""
    error.in_doubt = False
    error.reason = error.reason.removesuffix(_TOLD)


def known(find: Callable[[], _Made]) -> _Made | None:
    """What is looked for; None where it is not there."""
    try:
        return find()
    except NotFound:
        return None


def made_once(make: Callable[[], _Made], find: Callable[[], _Made | None]) -> _Made:
    """What `make` makes, also where its answer is lost: then it is looked for.

    `find` gives it, or None where it is not there: then it is made once more, unless the server may
    still be at it. Where `find` fails, too, the doubt stays; Conflict is what it raises where
    something else is there.
    """
    try:
        return make()
    except HubcliError as error:
        if not error.in_doubt:
            raise
        try:
            found = find()
        except Conflict:
            raise
        except HubcliError:
            raise error from None
        if found is not None:
            return found
        if not (isinstance(error, Unavailable) and error.transient):
            raise
    try:
        return make()
    except Conflict:
        found = find()  # the first request was still on its way
        if found is None:
            raise
        return found
