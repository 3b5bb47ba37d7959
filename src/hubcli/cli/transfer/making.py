"""Making a repository before something is pushed to it, where pushing alone does not."""

from __future__ import annotations

from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, NotFound, doing
from hubcli.reference import Reference

_ACTION = "push to"


def make_sure(runtime: Runtime, reference: Reference, *, create: bool, dry_run: bool) -> None:
    """Have a repository there; NotFound where it is missing and nobody wants it to be made.

    On a terminal that is asked. Who may push need not be allowed to look: the push tells, then.
    """
    session = runtime.session
    if reference.on_hub or session.providers.quirks(reference.host).creates_on_push:
        return
    from hubcli.providers import CreatesRepositories, Creation, ShowsRepositories

    provider = session.provider(reference.host)
    if isinstance(provider, ShowsRepositories):
        try:
            provider.repository(reference.path)
        except NotFound:
            pass
        except HubcliError:
            return
        else:
            return
    if not isinstance(provider, CreatesRepositories):
        return
    if dry_run:
        runtime.output.notice(f"dry run: {reference.name} would be created")
        return
    with doing(_ACTION, reference.name):
        if not create and not _is_wanted(runtime, reference):
            raise NotFound(
                "there is no such repository, and pushing does not make it",
                code="NAME_UNKNOWN",
                hint=f"hubcli repo create {reference.name}",
            )
    with doing("create", reference.name):
        provider.create_repository(reference.path, Creation())
    runtime.output.notice(f"created {reference.name}")


def _is_wanted(runtime: Runtime, reference: Reference) -> bool:
    output = runtime.output
    if not (output.stdin_is_terminal and output.stderr_is_terminal):
        return False
    return output.confirm(f"Create {reference.name}?", "--create")
