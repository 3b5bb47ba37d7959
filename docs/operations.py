"""Which command serves which operation of the Hub API, as the commands themselves declare it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

WITHOUT_COMMAND = {
    "PUT /v2/orgs/{org_name}/groups/{group_name}": (
        "`hubcli team edit` asks with PATCH: PUT takes away the description that it is not given"
    ),
    "HEAD /v2/namespaces/{namespace}/repositories/{repository}": (
        "`hubcli repo inspect` asks with GET: it exits 3 where there is no such repository"
    ),
    "HEAD /v2/namespaces/{namespace}/repositories/{repository}/tags": (
        "`hubcli tag ls` asks with GET: it exits 3 where there is no such repository"
    ),
    "HEAD /v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}": (
        "`hubcli tag inspect` and `hubcli digest` exit 3 where there is no such tag"
    ),
    "PATCH /v2/repositories/{namespace}/{repository}": (
        "`hubcli repo edit` uses the newer route, which takes every kind of token"
    ),
    "POST /v2/logout": "it ends nothing: `hubcli logout` forgets the credential and its tokens",
    "POST /oauth/revoke": "hubcli keeps no refresh token of a device login that could be revoked",
}
"""Operations that no command serves by itself, and why."""

_INTRODUCTION = """\
# The Hub API, operation by operation

Generated from the code by `make completions`; do not edit.

What of [Docker's API](https://docs.docker.com/reference/api/hub/latest/) is behind which command.
The names in braces are those of Docker's document; routes that it does not have were seen in use
by Docker's own clients and others. Routes below `/v2/repositories/{namespace}/{repository}` refuse
organization access tokens: with one, hubcli calls the same route below
`/v2/namespaces/{namespace}/repositories/{repository}`.

| operation | command |
|---|---|
"""


def served(commands: Iterable[tuple[str, object]]) -> dict[str, list[str]]:
    """The commands that serve an operation, by operation; of pairs of path and click command."""
    found: dict[str, list[str]] = {}
    for path, command in commands:
        for operation in getattr(getattr(command, "callback", None), "calls", ()):
            found.setdefault(operation, []).append(path)
    return found


def twin(operation: str) -> str:
    """What is called with an organization access token in place of a legacy `operation`."""
    old, new = "/v2/repositories/{namespace}/", "/v2/namespaces/{namespace}/repositories/"
    return operation.replace(old, new, 1)


def page(commands: Iterable[tuple[str, object]]) -> str:
    """docs/hub-api.md."""
    return _INTRODUCTION + "".join(f"{line}\n" for line in _rows(served(commands)))


def _rows(served: dict[str, list[str]]) -> Iterator[str]:
    rows = {
        **{operation: ", ".join(map(_linked, paths)) for operation, paths in served.items()},
        **WITHOUT_COMMAND,
    }
    for operation in sorted(rows, key=lambda one: (one.partition(" ")[2], one)):
        yield f"| `{operation}` | {rows[operation]} |"


def _linked(path: str) -> str:
    return f"[{path}](commands.md#{path.replace(' ', '-')})"
