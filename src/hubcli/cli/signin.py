"""`hubcli login` and `hubcli logout`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.errors import CredentialFailure, NotSignedIn, UsageError, doing
from hubcli.reference import HUB, parse_host

if TYPE_CHECKING:
    from hubcli.auth.credentials import Credential, Store
    from hubcli.auth.signin import HubSignIn

verbs = Commands()

_ACCESS_TOKENS_PAGE = "https://app.docker.com/settings/personal-access-tokens"
_LONGEST_SECRET = 64 << 10
_OWN = ("keyring", "file")
_STORES = (*_OWN, "docker")


def _refuse_password(value: str | None) -> str | None:
    if value is not None:
        raise UsageError(
            "a password in the arguments can be read by everybody on this machine",
            hint="hubcli login -u USER --password-stdin",
        )
    return value


def _store_name(value: str | None) -> str | None:
    if value is not None and value not in _STORES:
        raise UsageError(f"--store takes {', '.join(_STORES)}, not {value!r}")
    return value


Host = Annotated[
    str, typer.Argument(metavar="[HOST]", help="The registry; Docker Hub where none is named.")
]
StoreName = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="|".join(_STORES),
        callback=_store_name,
        help="Where the credential is kept.",
    ),
]


@verbs.command(
    "login",
    calls=(
        "POST /v2/auth/token",
        "POST /v2/users/login",
        "POST /v2/users/2fa-login",
        "POST /v2/access-tokens/desktop-generate",
        "POST /oauth/device/code",
        "POST /oauth/token",
    ),
)
def login(
    runtime: Runtime,
    host: Host = HUB,
    username: Annotated[
        str | None, typer.Option("-u", "--username", metavar="USER", help="User or organization.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password or token from stdin.")
    ] = False,
    otp: Annotated[
        str | None, typer.Option("--otp", metavar="CODE", help="The code of the second factor.")
    ] = None,
    web: Annotated[bool, typer.Option("--web", help="Sign in with the browser.")] = False,
    store: StoreName = None,
    password: Annotated[  # noqa: ARG001 - there to be refused
        str | None, typer.Option("-p", "--password", hidden=True, callback=_refuse_password)
    ] = None,
) -> None:
    """Sign in to Docker Hub or another registry.

    The password, personal or organization access token is checked, and kept in the system's
    keyring. Without a keyring, --store docker or --store file says where else.

    \b
    Examples:
      hubcli login
      hubcli login -u alice --password-stdin < token.txt
      hubcli login registry.example:5000 -u alice
    """
    key = parse_host(host)
    _check_usage(key, username, password_stdin, otp, web)
    with doing("sign in to", key):
        name = store or runtime.settings.defaults.store or "keyring"
        target = _ready_store(runtime, name, key)
        if web:
            credential = _web_login(runtime, username)
        else:
            credential = _asked(runtime, username, password_stdin)
        try:
            credential = _checked(runtime, key, credential, otp)
        except NotSignedIn as refusal:
            refusal.hint = None  # it says: sign in
            raise
        _keep(runtime, target, name, key, credential)


@verbs.command("logout")
def logout(
    runtime: Runtime,
    host: Annotated[
        str | None, typer.Argument(metavar="[HOST]", help="The registry; default Docker Hub.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Forget all registries.")] = False,
    store: StoreName = None,
) -> None:
    """Forget a credential.

    Removes it from hubcli's keyring and auth file, and the tokens it was exchanged for. What
    docker keeps stays, unless --store docker names it.

    \b
    Examples:
      hubcli logout
      hubcli logout registry.example:5000
      hubcli logout --all
    """
    if all and (host or store == "docker"):
        raise UsageError("--all forgets what hubcli keeps: it takes no HOST and no --store docker")
    names = _OWN if store is None else (store,)
    if all:
        _forget_all(runtime, names)
        return
    key = parse_host(host or HUB)
    removed = _forget(runtime, names, key)
    _forget_tokens(runtime, key)
    if removed:
        runtime.output.notice(f"Signed out of {key}")
    elif not runtime.exit_code:
        runtime.output.notice(f"{_named(names)} has no credential for {key}")
    if store != "docker":
        _tell_of_others(runtime, key)


def _check_usage(
    key: str, username: str | None, password_stdin: bool, otp: str | None, web: bool
) -> None:
    if web and password_stdin:
        raise UsageError("--web and --password-stdin exclude each other")
    if web and key != HUB:
        raise UsageError("--web is for Docker Hub only")
    if otp is not None and key != HUB:
        raise UsageError("--otp is for Docker Hub only")
    if username is not None and (not username or ":" in username):
        raise UsageError("a user name is not empty, and has no colon")
    if password_stdin and username is None:
        raise UsageError("--password-stdin needs -u USER")


def _ready_store(runtime: Runtime, name: str, key: str) -> Store:
    """The store, sure to be there: nobody is asked for a password in vain."""
    from hubcli.auth.credentials import store

    target = store(name, runtime.settings)
    target.ready(key)
    return target


def _asked(runtime: Runtime, username: str | None, password_stdin: bool) -> Credential:
    """The credential from stdin, or from answers typed at the terminal."""
    from hubcli.auth.credentials import Credential

    if password_stdin:
        return Credential.found(str(username), _secret_from_stdin(runtime), "")
    if username is None:
        username = runtime.output.prompt("Username", "-u USER")
        _check_usage(HUB, username, False, None, False)
    secret = runtime.output.secret("Password or access token", "--password-stdin")
    return Credential.found(username, _checked_secret(secret), "")


def _secret_from_stdin(runtime: Runtime) -> str:
    stdin = runtime.output.terminal.stdin
    try:
        text = "" if stdin is None else stdin.read(_LONGEST_SECRET + 1)
    except UnicodeDecodeError:
        raise UsageError("the password is not text in UTF-8") from None
    if len(text) > _LONGEST_SECRET:
        raise UsageError("what comes on stdin is too long for a password")
    return _checked_secret(text.removesuffix("\n").removesuffix("\r"))


def _checked_secret(secret: str) -> str:
    if not secret:
        raise UsageError("the password is empty")
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise UsageError("the password is not text in UTF-8") from None
    return secret


def _checked(runtime: Runtime, key: str, credential: Credential, otp: str | None) -> Credential:
    """What is to be kept, once the host has accepted it."""
    from hubcli.auth.credentials import Kind
    from hubcli.auth.signin import RegistrySignIn

    session = runtime.session
    if key != HUB:
        known = session.providers.recognise(key)
        # An API of its own does not take the refresh tokens of the registry's token server.
        offline = known is None or known.row.code is None
        if not offline:
            credential = session.provider(key).kept(credential)
        checked = RegistrySignIn(session.http, session.settings.endpoint(key)).check(
            credential, offline=offline
        )
        if not checked.asked:
            runtime.output.notice(f"{key} asks for no credential, so this one is not checked")
        return checked.credential
    hub = _hub(runtime)
    if credential.kind is not Kind.PASSWORD:
        hub.check(credential)
        return credential
    label = _label()
    kept = hub.check_password(credential, lambda: _code(runtime, otp), label)
    if kept is not credential:
        runtime.output.notice(
            f"A password alone does not sign in to an account with two-factor authentication:"
            f" made the access token {label!r} for hubcli"
        )
    return kept


def _hub(runtime: Runtime) -> HubSignIn:
    from hubcli.auth.signin import HubSignIn

    return HubSignIn(runtime.session.http, runtime.settings.hub_url)


def _code(runtime: Runtime, otp: str | None) -> str:
    return otp or runtime.output.prompt("Two-factor code", "--otp CODE")


def _label() -> str:
    import socket

    return f"hubcli on {socket.gethostname() or 'a machine without a name'}"


def _web_login(runtime: Runtime, username: str | None) -> Credential:
    """A device login where a client id is configured, else a token pasted from Hub's page."""
    from hubcli.auth.credentials import Credential
    from hubcli.auth.signin import DeviceLogin

    output = runtime.output
    if not runtime.settings.hub.oauth_client_id:
        if username is None:
            username = output.prompt("Username", "-u USER")
        output.notice(f"Create an access token at {_ACCESS_TOKENS_PAGE} and paste it here.")
        _open(runtime, _ACCESS_TOKENS_PAGE)
        secret = output.secret("Access token", "--password-stdin")
        return Credential.found(username, _checked_secret(secret.strip()), "")
    device = DeviceLogin(runtime.session.http, runtime.settings.hub)
    code = device.begin()
    output.notice(f"Confirm the code {code.user_code} at {code.page}")
    _open(runtime, code.link)
    output.notice("Waiting for the browser …")
    return _hub(runtime).after_web_login(device.wait(code))


def _open(runtime: Runtime, url: str) -> None:
    """Show a page where somebody is looking; a browser in the terminal would be in the way."""
    import sys
    import webbrowser
    from contextlib import suppress

    environ = runtime.environ
    graphical = sys.platform in {"darwin", "win32"} or any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if runtime.output.stdin_is_terminal and runtime.output.stderr_is_terminal and graphical:
        with suppress(OSError, webbrowser.Error):
            webbrowser.open(url)


def _keep(runtime: Runtime, target: Store, name: str, key: str, credential: Credential) -> None:
    """Store it, and nowhere else of ours: an older one would be found instead of it."""
    from hubcli.auth.credentials import own_stores

    before = target.find(key)
    target.put(key, credential)
    for other, own in own_stores(runtime.settings).items():
        if other != name:
            try:
                own.remove(key)
            except CredentialFailure as failure:
                runtime.output.warning(f"{own.name}: {failure.reason}")
    _forget_tokens(runtime, key)
    instead = ""
    if before is not None and before.username != credential.username:
        instead = f", instead of {before.username}"
    runtime.output.notice(
        f"Signed in to {key} as {credential.username} ({_place(target)}){instead}"
    )
    if name == "file":
        runtime.output.warning(
            f"the secret is in the clear in {_path(target)}, which only you can read (mode 0600)"
        )
    if key == HUB and runtime.environ.get("HUBCLI_USERNAME"):
        runtime.output.warning("HUBCLI_USERNAME is set, and goes before what was stored")


def _place(store: Store) -> str:
    return store.name


def _path(store: Any) -> Any:
    return store.path


def _forget(runtime: Runtime, names: tuple[str, ...], key: str) -> bool:
    """Remove a host from stores; those that fail are reported, the others still asked."""
    from hubcli.auth.credentials import store

    removed = False
    for name in names:
        with runtime.attempting(), doing("sign out of", key):
            removed = store(name, runtime.settings).remove(key) or removed
    return removed


def _forget_all(runtime: Runtime, names: tuple[str, ...]) -> None:
    from hubcli import suggestions
    from hubcli.auth.credentials import store

    hosts: set[str] = set()
    for name in names:
        with runtime.attempting(), doing("sign out"):
            hosts.update(store(name, runtime.settings).accounts())
    for key in sorted(hosts):
        if _forget(runtime, names, key):
            runtime.output.notice(f"Signed out of {key}")
    if "keyring" in names:
        _forget_scim_token(runtime)
    runtime.session.token_cache.clear()
    suggestions.forget(runtime.settings)
    if not hosts and not runtime.exit_code:
        runtime.output.notice(f"{_named(names)} has no credentials")


def _forget_scim_token(runtime: Runtime) -> None:
    """A keyring that fails has been reported already, by the hosts that it keeps."""
    from contextlib import suppress

    from hubcli.auth.credentials.scim import ScimTokens

    with suppress(CredentialFailure):
        if ScimTokens(runtime.settings).forget():
            runtime.output.notice("The SCIM token is forgotten")


def _forget_tokens(runtime: Runtime, key: str) -> None:
    """And the names that completion has seen as whoever was signed in."""
    from hubcli import suggestions
    from hubcli.auth.tokens import hub, registry

    cache = runtime.session.token_cache
    cache.forget(registry.audience(runtime.settings.endpoint(key)))
    if key == HUB:
        cache.forget(hub.audience(runtime.settings.hub_url))
    suggestions.forget(runtime.settings)


def _tell_of_others(runtime: Runtime, key: str) -> None:
    """What docker, podman or the environment have for the host is theirs: it is still found."""
    from hubcli.auth.credentials import foreign_keychain

    credential = foreign_keychain(runtime.settings, lambda _: None).find(key)
    if credential is None:
        return
    told = f"{credential.source} still has a credential of {credential.username} for {key}"
    if credential.source.startswith("docker"):
        told += f"; 'hubcli logout {key} --store docker' removes it"
    runtime.output.notice(told)


def _named(names: tuple[str, ...]) -> str:
    return {_OWN: "hubcli", ("docker",): "docker's configuration"}.get(names, f"the {names[0]}")
