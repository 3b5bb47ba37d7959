"""How the Hub API words its answers: JSON, errors, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

LARGEST_PAGE = 100
_DEFAULT_PAGE = 10

Row = TypeVar("Row")


class Problem(Exception):
    """A request that is answered with `status` and the JSON object `body`."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    @property
    def response(self) -> Response:
        return JSONResponse(dict(self.body), self.status, headers=self.headers)


def message(status: int, text: str) -> Problem:
    """An error as the newer gateway words it."""
    return Problem(status, {"message": text, "errinfo": {}})


def detail(status: int, text: str) -> Problem:
    """An error as the older routes and the logins word it."""
    return Problem(status, {"detail": text})


def invalid(field: str, text: str) -> Problem:
    """A value that a legacy route refuses; `__all__` stands for the whole request."""
    return Problem(400, {field: [text]})


def invalid_value(field: str, text: str) -> Problem:
    """A value that a newer route refuses (access tokens, lists of repositories)."""
    return Problem(400, {"fields": {field: [text]}, "text": text})


def unauthorized() -> Problem:
    """Somebody has to sign in first, or did so with a token that is not (any more) good."""
    return message(401, "unauthorized")


def forbidden(text: str = "access to the resource is forbidden") -> Problem:
    return message(403, text)


def not_found(text: str = "object not found") -> Problem:
    return message(404, text)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: `page` from 1, of `size` rows (at most 100)."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows[self.offset : self.offset + self.size]


def page_of(request: Request) -> Page:
    """`page` and `page_size`; a larger page is made the largest, as Hub does it."""
    number = _positive(request, "page", 1)
    return Page(number, min(_positive(request, "page_size", _DEFAULT_PAGE), LARGEST_PAGE))


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:18]) < 10**9:
        raise invalid_value(name, f"Invalid {name}: a positive number is expected")
    return int(text)


def paged(
    request: Request,
    count: int,
    rows: Callable[[Page], Sequence[Mapping[str, Any]]],
    **more: object,
) -> Response:
    """`{count, next, previous, results}`; a page past the end is a 404, but for the first one."""
    page = page_of(request)
    if page.number > 1 and page.offset >= count:
        raise not_found("404: Page Not Found")
    has_next = page.offset + page.size < count
    return JSONResponse(
        {
            "count": count,
            "next": _link(request, page, +1) if has_next else None,
            "previous": _link(request, page, -1) if page.number > 1 else None,
            "results": list(rows(page)),
            **more,
        }
    )


def _link(request: Request, page: Page, step: int) -> str:
    """An absolute URL on the host that was asked."""
    url = request.url.include_query_params(page=page.number + step, page_size=page.size)
    return str(url)
