"""`hubcli repo create`."""

from __future__ import annotations

from typing import Annotated

import typer

from hubcli.cli.commands import One, Shown
from hubcli.cli.repo.declared import (
    DETAILS,
    Categories,
    Description,
    Private,
    ProviderOptions,
    Readme,
    group,
)
from hubcli.cli.repo.elsewhere import Wanted, create_elsewhere
from hubcli.cli.repo.names import is_one_part, on_hub, own_namespace
from hubcli.cli.repo.texts import read_readme
from hubcli.cli.runtime import Runtime
from hubcli.errors import Conflict, Unsupported, doing
from hubcli.output import Row, Selection
from hubcli.reference import parse_repository

_ACTION = "create"
_EVERY_TAG = ".*"


@group.command(
    "create",
    shows=DETAILS,
    calls=(
        "POST /v2/namespaces/{namespace}/repositories",
        "GET /v2/users/{user}/registry-settings",
        "PATCH /v2/namespaces/{namespace}/repositories/{repository}/immutabletags",
    ),
)
def create(
    runtime: Runtime,
    selection: Selection,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="NAMESPACE/NAME, or NAME in your own namespace."),
    ],
    private: Private = None,
    description: Description = None,
    readme: Readme = None,
    category: Categories = None,
    immutable_tags: Annotated[
        bool, typer.Option("--immutable-tags", help="Its tags never change.")
    ] = False,
    scan_on_push: Annotated[
        bool, typer.Option("--scan-on-push", help="Scan what is pushed; where a registry can.")
    ] = False,
    option: ProviderOptions = None,
    exist_ok: Annotated[
        bool, typer.Option("--exist-ok", help="Be content if it exists already.")
    ] = False,
) -> Shown:
    """Create a repository, and print its full name.

    Without --private or --public it is what your account's settings say. Where a registry creates
    repositories by pushing only, it says so; hubcli registry providers shows what each can do.

    \b
    Examples:
      hubcli repo create --private my-private-repo
      hubcli repo create acme/api --description 'The API' --readme README.md
    """
    from hubcli.hub.repositories import LONGEST_README, check_texts

    reference = parse_repository(name)
    if not reference.on_hub:
        unknown = {"--readme": readme, "--category": category}
        wanted = Wanted(
            private, description, immutable_tags or None, scan_on_push or None, option or ()
        )
        row = create_elsewhere(
            runtime, reference, wanted, [flag for flag, given in unknown.items() if given], exist_ok
        )
        return _shown(runtime, selection, row)
    if scan_on_push or option:
        raise Unsupported(
            "Docker Hub has no --scan-on-push and no --option", action=_ACTION, reference=name
        )
    on_hub(name, _ACTION, "")
    overview = read_readme(runtime, readme, LONGEST_README)
    check_texts(description, overview)
    path = _path(runtime, name)
    repositories = runtime.session.hub.repositories
    with doing(_ACTION, path):
        categories = repositories.categories(category) if category else ()
        hidden, why = (private, None) if private is not None else default_visibility(runtime, path)
        try:
            row = repositories.create(
                path, private=hidden, description=description, readme=overview
            )
        except Conflict as error:
            if not exist_ok:
                error.hint = f"hubcli repo edit {path}"
                raise
            runtime.output.notice(f"{path} exists already: nothing was changed")
            return _shown(runtime, selection, repositories.inspect(path))
    if why is not None:
        runtime.output.notice(f"{path} is {why}; --private or --public decides")
    if immutable_tags:
        with runtime.attempting(), doing("make the tags immutable of", path):
            repositories.set_immutable_tags(path, [_EVERY_TAG])
            row = repositories.inspect(path)
    if categories:
        with runtime.attempting(), doing("set the categories of", path):
            repositories.set_categories(path, categories)
            row = repositories.inspect(path)
    return _shown(runtime, selection, row)


def _path(runtime: Runtime, name: str) -> str:
    reference = parse_repository(name)
    if not is_one_part(name):
        return reference.path
    with doing(_ACTION, reference.basename):
        return f"{own_namespace(runtime.session)}/{reference.basename}"


def default_visibility(runtime: Runtime, path: str) -> tuple[bool, str]:
    """Whether a new repository is private where nobody said so, and why, in words."""
    namespace = path.partition("/")[0]
    settings = runtime.session.hub.account.registry_settings(namespace)
    if settings is None or settings.private_by_default is None:
        return False, f"public, since Docker Hub tells no default of {namespace}"
    private = settings.private_by_default
    return private, f"{'private' if private else 'public'}, the default of {namespace}"


def _shown(runtime: Runtime, selection: Selection, row: Row) -> Shown:
    """The name alone, unless a format was asked for."""
    if selection.format or selection.fields or selection.query:
        return One(row)
    runtime.output.text(str(row["name"]))
    return None
