"""Making a repository before something is pushed to it, where pushing alone does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, NotFound, doing
from hubcli.reference import Reference

_ACTION = "push to"


def make_sure(
    runtime: Runtime,
    reference: Reference,
    *,
    create: bool,
    dry_run: bool,
    find: Callable[[], object] = lambda: None,
) -> None:
    """Have a repository there; NotFound where it is missing and nobody wants it to be made.

    On a terminal that is asked. `find` raises what is wrong with what is to be pushed, before
    anything is made for it. Who may push need not be allowed to look: the push tells, then.
    """
    session = runtime.session
    if reference.on_hub:
        return
    if not create and session.providers.quirks(reference.host).creates_on_push:
        return
    from hubcli.providers import CreatesRepositories, Creation

    with doing(_ACTION, reference.name):
        provider = session.provider(reference.host)
    home = provider.needed_for(reference.path)
    if home is None or not isinstance(provider, CreatesRepositories):
        return
    needed = replace(reference.bare(), path=home)
    if _is_there(provider, home):
        return
    find()
    if dry_run:
        runtime.output.notice(f"dry run: {needed.name} would be created")
        return
    with doing(_ACTION, reference.name):
        if not create and not _is_wanted(runtime, needed):
            what = "such repository" if home == reference.path else needed.name
            raise NotFound(
                f"there is no {what}, and pushing does not make it",
                code="NAME_UNKNOWN",
                hint=f"hubcli repo create {needed.name}",
            )
    with doing("create", needed.name):
        provider.create_repository(home, Creation())
    runtime.output.notice(f"created {needed.name}")


def _is_there(provider: object, path: str) -> bool:
    """Whether it is, as far as one is told."""
    from hubcli.providers import ShowsRepositories

    if not isinstance(provider, ShowsRepositories):
        return False
    try:
        provider.repository(path)
    except NotFound:
        return False
    except HubcliError:
        return True
    return True


def _is_wanted(runtime: Runtime, reference: Reference) -> bool:
    output = runtime.output
    if not (output.stdin_is_terminal and output.stderr_is_terminal):
        return False
    return output.confirm(f"Create {reference.name}?", "--create")
