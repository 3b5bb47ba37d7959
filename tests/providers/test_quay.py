"""Quay: which credential opens what, repositories, tags and their history.

The stand-in is `support.providers.quay`; `test_quay_answers` has what no Quay should say.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hubcli import oci
from hubcli.auth.credentials import Credential
from hubcli.http.response import Response
from hubcli.providers import quay_federation
from hubcli.providers.recognition import greeted
from support.images import Image, Layout
from support.jwts import jwt
from support.providers import contracts
from support.providers.quay import OAUTH_USER, ROBOT, WITHOUT_API, Facts, QuayRegistry
from support.providers.standin import Running
from support.repositories import content
from support.running import InProcess
from support.skopeo import Skopeo, SkopeoFailed

APP = "quay.io/acme/app"
LOGIN = "hint: hubcli login quay.io --username '$oauthtoken'\n"


@pytest.fixture
def quay() -> QuayRegistry:
    return QuayRegistry()


@pytest.fixture
def running(quay: QuayRegistry, environ: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with quay.running() as found:
        config = tmp_path / "config.toml"
        config.write_text(found.config)
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        yield found
        # Also what the scenario does not ask: every test here is held to Quay's own document.
        if contracts.path_of("quay/openapi.json"):
            assert list(found.faults()) == []


@pytest.fixture
def owner(running: Running, cli: InProcess, environ: dict[str, str]) -> InProcess:
    """Somebody with an OAuth token."""
    environ.update(running.identity)
    return cli


@pytest.fixture
def robot(running: Running, quay: QuayRegistry, cli: InProcess) -> InProcess:
    """Somebody with a robot's token, and nothing else."""
    secret = quay.people.other_secret
    done = cli("login", "quay.io", "-u", ROBOT, "--password-stdin", "--store", "file", stdin=secret)
    assert done.exit_code == 0, done.stderr
    return cli


@pytest.fixture
def pushed(quay: QuayRegistry, oci_layout: Layout) -> Callable[..., Image]:
    """`pushed("acme/app", "v1", "v2")`: tags of one image for a single platform."""

    def push(repository: str, *tags: str, image: Image | None = None) -> Image:
        image = image or oci_layout.image("single")
        parsed = oci.parse_manifest(image.read(image.digest), image.media_type)
        quay.make(repository)
        quay.storage.manifests.put(repository, parsed, tags=tags)
        return image

    return push


def asked(running: Running, method: str = "GET", part: str = "/api/") -> list[str]:
    """What was asked of the API."""
    calls = (call.split(" ") for call in running.transcript())
    return [target for verb, target in calls if verb == method and part in target]


# What it is


@pytest.mark.parametrize(
    ("challenge", "headers", "why"),
    [
        (
            'Bearer realm="https://q.example/v2/auth",service="q.example"',
            {},
            "the token server /v2/auth of its greeting",
        ),
        ("", {"x-sparse-manifest-support": "false"},
         "the header x-sparse-manifest-support of its greeting"),
        ('Bearer realm="https://r.example/realms/docker-v2/auth",service="docker"', {}, None),
        ('Bearer realm="https://r.example/v2/token",service="r.example"', {}, None),
    ],
)  # fmt: skip
def test_a_quay_of_any_name_is_recognised(
    challenge: str, headers: Mapping[str, str], why: str | None
) -> None:
    challenges = (challenge,) if challenge else ()
    found = greeted(Response(401, headers, b"", "https://q.example/v2/", challenges))
    assert (found and found.row.name, found and found.why) == ("quay" if why else None, why)


def test_a_greeting_is_enough_for_its_api_and_for_no_identity(
    running: Running, quay: QuayRegistry, cli: InProcess, environ: dict[str, str]
) -> None:
    del environ["HUBCLI_CONFIG"]
    quay.make("acme/open", Facts(public=True))
    (host,) = running.origins
    row = cli("registry", "ping", host, "--format", "json").json()
    assert (row["provider"], row["recognised_by"]) == (
        "quay",
        "the token server /v2/auth of its greeting",
    )
    for named in ({}, {"QUAY_HOST": host}):
        done = cli("repo", "ls", f"{host}/acme", "-q", env={**running.identity, **named})
        assert done.lines() == [f"{host}/acme/open"]
        hidden = cli("repo", "inspect", f"{host}/acme/no", env={**running.identity, **named})
        assert hidden.exit_code == 4


# Who one is


def test_the_token_of_the_environment_is_for_one_quay(
    running: Running, cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    (host,) = running.origins
    config = tmp_path / "config.toml"
    config.write_text(
        f'{running.config}\n[registries."q.example"]\nendpoint = "http://{host}"\n'
        'provider = "quay"\n'
    )
    token = running.identity

    def status(registry: str, **env: str) -> int:
        return cli("auth", "status", registry, env={**token, **env}).exit_code

    assert (status("quay.io"), status("q.example")) == (0, 4)
    for spelled in ("q.example", "https://Q.example/"):
        assert status("quay.io", QUAY_HOST=spelled) == 4
        assert status("q.example", QUAY_HOST=spelled) == 0
    assert cli("repo", "ls", "q.example", env={**token, "QUAY_HOST": "q.example"}).exit_code == 0


def test_who_has_logged_in_is_not_who_the_environment_says(
    robot: InProcess, running: Running
) -> None:
    (row,) = robot("auth", "status", "quay.io", "--format", "json", env=running.identity).json()
    assert row["username"] == ROBOT


def test_an_oauth_token_by_login_opens_both(
    running: Running, cli: InProcess, pushed: Callable[..., Image]
) -> None:
    image = pushed("acme/app", "v1")
    arguments = ("--username", OAUTH_USER, "--password-stdin", "--store", "file")
    assert cli("login", "quay.io", *arguments, stdin=running.secret).exit_code == 0
    assert cli("digest", f"{APP}:v1").stdout.split()[0] == image.digest
    assert cli("repo", "inspect", APP).exit_code == 0


@pytest.mark.parametrize("username", WITHOUT_API)
def test_all_other_credentials_open_the_registry_alone(
    running: Running,
    quay: QuayRegistry,
    cli: InProcess,
    pushed: Callable[..., Image],
    username: str,
) -> None:
    image = pushed("acme/app", "v1")
    arguments = ("--username", username, "--password-stdin", "--store", "file")
    assert cli("login", "quay.io", *arguments, stdin=quay.people.other_secret).exit_code == 0
    assert cli("digest", f"{APP}:v1").stdout.split()[0] == image.digest
    assert cli("repo", "inspect", APP).exit_code == 4
    assert asked(running) == ["/api/v1/repository/acme/app?includeTags=false&includeStats=false"]


def test_the_environment_helps_a_robot_to_the_api(
    robot: InProcess, running: Running, pushed: Callable[..., Image]
) -> None:
    pushed("acme/app", "v1")
    (row,) = robot("tag", "ls", APP, "--format", "json", env=running.identity).json()
    assert row["pushed"] is not None


@pytest.mark.parametrize(
    "command",
    [
        ("repo", "create", "quay.io/acme/new"),
        ("repo", "inspect", APP),
        ("repo", "edit", APP, "--description", "x"),
        ("repo", "rm", APP, "--yes"),
        ("tag", "undelete", f"{APP}:v1"),
    ],
)
def test_what_takes_an_oauth_token_says_so_in_one_line(
    robot: InProcess, pushed: Callable[..., Image], command: tuple[str, ...]
) -> None:
    pushed("acme/app", "v1")
    done = robot(*command)
    assert (done.exit_code, done.stdout) == (4, "")
    first, second = done.stderr.splitlines(keepends=True)
    assert first.endswith(
        ": the API of quay.io wants an OAuth token for this, not the robot acme+ci (UNAUTHORIZED)\n"
    )
    assert second == LOGIN


def test_strangers_see_what_is_public(
    running: Running, quay: QuayRegistry, cli: InProcess, pushed: Callable[..., Image]
) -> None:
    pushed("acme/open", "v1")
    pushed("acme/app", "v1")
    quay.facts["acme/open"] = Facts(public=True, description="for all")
    assert cli("repo", "ls", "quay.io/acme", "-q").lines() == ["quay.io/acme/open"]
    assert cli("repo", "ls", "quay.io", "-q").lines() == ["quay.io/acme/open"]
    assert cli("tag", "ls", "quay.io/acme/open", "-q").lines() == ["v1"]
    assert cli("tag", "ls", APP).exit_code == 4
    done = cli("repo", "inspect", APP)
    assert done.exit_code == 4
    assert done.stderr == (
        f"error: cannot inspect {APP}: not found, or not for strangers: the API of quay.io wants an"
        f" OAuth token for this (UNAUTHORIZED)\n{LOGIN}"
    )
    # Nothing at all is no proof that there is nothing.
    assert cli("repo", "ls", "quay.io/acme").stderr == (
        "quay.io shows strangers what is public; all else after `hubcli login quay.io`\n"
    )
    tags = cli("tag", "ls", APP)
    assert tags.stderr == (
        f"error: cannot list tags of {APP}: not found, or not allowed (UNAUTHORIZED)\n"
        "hint: hubcli login quay.io\n"
    )


def test_a_token_that_is_refused_and_one_that_is_not_enough(
    running: Running, cli: InProcess, owner: InProcess
) -> None:
    done = cli("repo", "inspect", APP, env={"QUAY_OAUTH_TOKEN": "stale"})
    assert done.exit_code == 4
    assert "quay.io refuses the OAuth token (QUAY_OAUTH_TOKEN) (UNAUTHORIZED)" in done.stderr
    other = owner("repo", "inspect", "quay.io/other/app")
    assert other.exit_code == 4
    assert "the OAuth token (QUAY_OAUTH_TOKEN) is not good for this, by its scopes" in other.stderr
    assert running.secret not in done.stderr + other.stderr


# Robots that are federated


OIDC = jwt(iss="https://issuer.example", sub="repo:acme/app")
OWN = jwt(iss="quay", exp=2_000_000_000)


def test_a_robot_signs_in_with_a_token_of_its_issuer(
    running: Running, quay: QuayRegistry, cli: InProcess, pushed: Callable[..., Image]
) -> None:
    """What is kept is the robot's own token, for the hour that it lasts."""
    pushed("acme/app", "v1")
    quay.people.federated[OIDC] = OWN
    login = ("login", "quay.io", "-u", ROBOT, "--password-stdin", "--store", "file")
    done = cli(*login, stdin=OIDC)
    assert done.exit_code == 0, done.stderr
    assert (
        f"quay.io has given a token of the robot {ROBOT} for it, good until 2033-05-18T03:33:20Z\n"
        in done.stderr
    )
    kept = Path(cli.environ["HUBCLI_AUTH_FILE"]).read_text()
    assert base64.b64encode(f"{ROBOT}:{OWN}".encode()).decode() in kept
    assert cli("tag", "ls", APP, "-q").lines() == ["v1"]
    # Its own token is taken as it is.
    assert cli(*login, stdin=OWN).exit_code == 0
    calls = [call for call in running.transcript() if "federation" in call]
    assert calls == ["GET /oauth2/federation/robot/token"]


def test_a_token_that_the_issuer_has_not_signed_signs_nobody_in(
    running: Running, cli: InProcess
) -> None:
    login = ("login", "quay.io", "-u", ROBOT, "--password-stdin", "--store", "file")
    done = cli(*login, stdin=OIDC)
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr == (
        "error: cannot sign in to quay.io: quay.io takes no such OIDC token for the robot"
        f" {ROBOT}: token signature has expired (UNAUTHORIZED)\n"
    )


def test_a_federated_robot_needs_no_login(
    running: Running, quay: QuayRegistry, cli: InProcess, pushed: Callable[..., Image]
) -> None:
    pushed("acme/app", "v1")
    quay.people.federated[OIDC] = OWN
    robot = {"QUAY_ROBOT": ROBOT, "QUAY_OIDC_TOKEN": OIDC}
    (row,) = cli("auth", "status", "quay.io", "--check", "--format", "json", env=robot).json()
    assert (row["username"], row["source"], row["valid"]) == (ROBOT, "QUAY_OIDC_TOKEN", True)
    assert row["expires"] == "2033-05-18T03:33:20Z"
    assert cli("tag", "ls", APP, "-q", env=robot).lines() == ["v1"]
    # The API's token goes before it, and another Quay's is none of ours.
    (row,) = cli(
        "auth", "status", "quay.io", "--format", "json", env={**robot, **running.identity}
    ).json()
    assert row["source"] == "QUAY_OAUTH_TOKEN"
    elsewhere = {**robot, "QUAY_HOST": "q.example"}
    before = len(running.transcript())
    assert cli("auth", "status", "quay.io", env=elsewhere).exit_code == 4
    assert len(running.transcript()) == before
    stale = {**robot, "QUAY_OIDC_TOKEN": "stale"}
    done = cli("auth", "status", "quay.io", env=stale)
    assert done.exit_code == 4
    assert f"takes no such OIDC token for the robot {ROBOT}" in done.stderr


@pytest.mark.parametrize(
    ("username", "secret", "is_foreign"),
    [
        (ROBOT, OIDC, True),
        ("alice", OIDC, False),
        (ROBOT, OWN, False),
        (ROBOT, jwt(iss=7), False),
        (ROBOT, jwt(), False),
        (ROBOT, "A1B2", False),
    ],
)
def test_which_secret_is_somebody_elses(username: str, secret: str, is_foreign: bool) -> None:
    assert quay_federation.is_foreign(Credential(username, secret, "")) is is_foreign


# Robots, by /v2/


def test_a_robot_lists_names_and_looks_up_the_rest(
    robot: InProcess, pushed: Callable[..., Image]
) -> None:
    image = pushed("acme/app", "v1", "v2")
    listed = robot("tag", "ls", APP, "-q")
    assert (listed.exit_code, listed.lines()) == (0, ["v1", "v2"])
    assert listed.stderr == (
        "quay.io tells the robot acme+ci the names of tags alone; all else is for OAuth tokens\n"
    )
    rows = robot("tag", "ls", APP, "--details", "--format", "json").json()
    assert [(row["name"], row["digest"]) for row in rows] == [
        ("v1", image.digest),
        ("v2", image.digest),
    ]
    assert all(row["size"] > 0 for row in rows)
    found = robot("tag", "ls", APP, "--digest", image.digest, "-q")
    assert found.lines() == ["v1", "v2"]


def test_a_robot_lists_what_the_catalog_names_besides(
    robot: InProcess, quay: QuayRegistry, running: Running
) -> None:
    quay.make("acme/open", Facts(public=True))
    for number in range(230):
        quay.make(f"acme/hidden-{number:03}")
    quay.make("other/app")
    done = robot("repo", "ls", "quay.io/acme", "--format", "json")
    rows = done.json()
    assert [(row["name"], row["visibility"]) for row in rows[:2]] == [
        ("quay.io/acme/open", "public"),
        ("quay.io/acme/hidden-000", None),
    ]
    assert len(rows) == 231
    assert "names of private repositories alone" in done.stderr
    own = robot("repo", "ls", "quay.io", "-q").lines()
    assert len(own) == 232
    assert len(asked(running)) == 1, "the API is not asked for all that is public on quay.io"


def test_a_robot_that_may_push_removes_tags(
    robot: InProcess, quay: QuayRegistry, pushed: Callable[..., Image]
) -> None:
    """`*` is for administrators, `delete` is refused by the token server altogether."""
    pushed("acme/app", "v1", "pr-1", "pr-2")
    done = robot("tag", "rm", f"{APP}:pr-*", "--yes")
    assert done.exit_code == 0, done.stderr
    assert [entry.tag for entry in quay.entries("acme/app")] == ["v1"]


def test_nothing_is_made_by_asking_for_it(robot: InProcess, quay: QuayRegistry) -> None:
    """Who asks for a token to push to a repository has made it."""
    for command in (
        ("tag", "ls", APP),
        ("tag", "rm", f"{APP}:v1", "--yes"),
        ("manifest", "rm", f"{APP}@sha256:{'0' * 64}", "--yes"),
        ("blob", "rm", f"{APP}@sha256:{'0' * 64}", "--yes"),
        ("digest", f"{APP}:v1"),
    ):
        assert robot(*command).exit_code != 0
    assert quay.repositories() == []


def test_a_broken_upload_goes_on_where_quay_really_is(
    owner: InProcess, quay: QuayRegistry, oci_layout: Layout
) -> None:
    """The status of an upload says one byte too many; a chunk from there is answered 416."""
    large = oci_layout.image("large", layers=[{"data": content(700_000)}])
    quay.answers_to_lose = 1
    done = owner("push", large.source, f"{APP}:v1", "--chunk-size", "600K", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert (done.json()["blobs"]["resumed"], quay.chunks_refused) == (1, 0)
    assert owner("digest", f"{APP}:v1").stdout.split()[0] == large.digest


def test_skopeo_finds_a_quay(
    running: Running, quay: QuayRegistry, skopeo: Skopeo, image: Image
) -> None:
    """The stand-in's registry, as a client sees it that nobody here wrote."""
    (host,) = running.origins
    credential = f"{ROBOT}:{quay.people.other_secret}"
    name = f"{host}/acme/app"
    skopeo.copy(image.source, f"docker://{name}:v1", "--dest-creds", credential)
    assert skopeo.tags(name, "--creds", credential) == ["v1"]
    assert skopeo.inspect(f"{name}:v1", "--creds", credential)["Digest"] == image.digest
    with pytest.raises(SkopeoFailed, match=r"Invalid username or password|unauthorized"):
        skopeo.tags(name, "--creds", f"{ROBOT}:wrong")


# Repositories


def test_repositories_page_by_page(owner: InProcess, quay: QuayRegistry, running: Running) -> None:
    quay.largest_page = 2
    for number in range(5):
        quay.make(f"acme/app-{number}", Facts(public=number == 0))
    rows = owner("repo", "ls", "quay.io/acme", "--format", "json").json()
    assert [(row["name"], row["visibility"]) for row in rows] == [
        ("quay.io/acme/app-0", "public"),
        *((f"quay.io/acme/app-{number}", "private") for number in range(1, 5)),
    ]
    assert [parse_qs(urlsplit(one).query) for one in asked(running)] == [
        {"namespace": ["acme"], "public": ["true"], "last_modified": ["true"], **following}
        for following in ({}, {"next_page": ["gAAAAA2"]}, {"next_page": ["gAAAAA4"]})
    ]


def test_one_s_own_are_those_of_the_user_and_of_organizations(
    owner: InProcess, quay: QuayRegistry
) -> None:
    for name in ("acme/app", "alice/mine", "other/app"):
        quay.make(name, Facts(public=True))
    assert owner("repo", "ls", "quay.io", "-q").lines() == [
        "quay.io/alice/mine",
        "quay.io/acme/app",
    ]


def test_names_may_have_more_parts(owner: InProcess, quay: QuayRegistry) -> None:
    for name in ("acme/app", "acme/team/app", "acme/teams"):
        quay.make(name)
    assert owner("repo", "ls", "quay.io/acme/team", "-q").lines() == ["quay.io/acme/team/app"]
    assert owner("repo", "inspect", "quay.io/acme/team/app", "-q").exit_code == 0
    assert owner("repo", "rm", "quay.io/acme/team/app", "--yes").exit_code == 0
    assert quay.repositories() == ["acme/app", "acme/teams"]


def test_what_is_known_of_a_repository(
    owner: InProcess, quay: QuayRegistry, pushed: Callable[..., Image]
) -> None:
    pushed("acme/app", "v1")
    quay.facts["acme/app"] = Facts(description="The app", state="READ_ONLY")
    (entry,) = quay.entries("acme/app")
    moment = f"{entry.start:%Y-%m-%dT%H:%M:%SZ}"
    (listed,) = owner("repo", "ls", "quay.io/acme", "--format", "json").json()
    for row in (listed, owner("repo", "inspect", APP, "--format", "json").json()):
        assert {field: value for field, value in row.items() if value is not None} == {
            "name": APP,
            "namespace": "acme",
            "registry": "quay.io",
            "visibility": "private",
            "description": "The app",
            "updated": moment,
            "archived": True,
        }


def test_a_repository_is_made_private_unless_said_otherwise(
    owner: InProcess, quay: QuayRegistry
) -> None:
    done = owner("repo", "create", APP, "--description", "The app")
    assert (done.exit_code, done.stdout) == (0, f"{APP}\n")
    assert done.stderr == f"{APP} is private; --private or --public decides\n"
    assert quay.facts["acme/app"] == Facts(description="The app")
    loud = owner("repo", "create", "quay.io/acme/b", "--public", "--option", "state=mirror")
    assert (loud.exit_code, loud.stderr) == (0, "")
    assert quay.facts["acme/b"] == Facts(public=True, state="MIRROR")


def test_one_that_is_there(owner: InProcess, quay: QuayRegistry) -> None:
    quay.make("acme/app", Facts(public=True))
    done = owner("repo", "create", APP)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: cannot create {APP}: it exists already (CONFLICT)\n")
    kept = owner("repo", "create", APP, "--exist-ok", "--format", "json")
    assert (kept.exit_code, kept.json()["visibility"]) == (0, "public")


def test_a_plan_without_room(owner: InProcess, quay: QuayRegistry) -> None:
    quay.private_left = 0
    quay.make("acme/open", Facts(public=True))
    for command in (
        ("repo", "create", APP),
        ("repo", "edit", "quay.io/acme/open", "--private", "--yes"),
    ):
        done = owner(*command)
        assert done.exit_code == 4
        assert "no room for another private repository (PAYMENT_REQUIRED)" in done.stderr
    assert quay.repositories() == ["acme/open"]
    assert owner("repo", "create", APP, "--public").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (("--option", "state=READ"), 2, "state=READ is none of normal, read_only, mirror"),
        (("--option", "plan=free"), 2, "a key of quay.io: state"),
        (("--immutable-tags",), 1, "knows --private or --public, --description (UNSUPPORTED)"),
        (("--scan-on-push",), 1, "quay.io does not know --scan-on-push"),
    ],
)
def test_what_quay_does_not_know_is_refused_before_anything_is_asked(
    owner: InProcess, running: Running, arguments: tuple[str, ...], exit_code: int, told: str
) -> None:
    done = owner("repo", "create", APP, *arguments)
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert told in done.stderr
    assert asked(running, "POST") == []


def test_a_mistaken_option_leaves_all_else_unchanged(owner: InProcess, quay: QuayRegistry) -> None:
    quay.make("acme/app")
    done = owner("repo", "edit", APP, "--public", "--yes", "--option", "state=frozen")
    assert done.exit_code == 2
    assert quay.facts["acme/app"] == Facts()


def test_each_thing_is_changed_by_its_call(
    owner: InProcess, quay: QuayRegistry, running: Running
) -> None:
    quay.make("acme/app")
    edit = ("repo", "edit", APP, "--public", "--description", "new", "--option", "state=read_only")
    done = owner(*edit, "--yes")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == (
        "visibility: private -> public\n"
        "description: (none) -> new\n"
        "state: normal -> read_only\n"
        f"changed {APP}: visibility, description, state\n"
    )
    assert quay.facts["acme/app"] == Facts(public=True, description="new", state="READ_ONLY")
    assert asked(running, "POST") == ["/api/v1/repository/acme/app/changevisibility"]
    assert asked(running, "PUT") == [
        "/api/v1/repository/acme/app",
        "/api/v1/repository/acme/app/changestate",
    ]
    assert owner(*edit, "--yes").stderr == f"{APP} is like that already\n"


def test_search_ends_on_its_last_page(
    owner: InProcess, quay: QuayRegistry, running: Running
) -> None:
    for number in range(130):
        quay.make(f"acme/app-{number:03}", Facts(description="one of many"))
    found = owner("search", "quay.io/app-", "--all", "--format", "json").json()
    assert [row["name"] for row in found] == [f"quay.io/acme/app-{n:03}" for n in range(100)]
    assert (found[0]["description"], found[0]["stars"]) == ("one of many", 3)
    assert len(asked(running)) == 11
    assert owner("search", "quay.io/acme/app-00", "--limit", "3", "-q").lines() == [
        f"quay.io/acme/app-00{n}" for n in range(3)
    ]


# Tags


def test_tags_by_a_few_calls(
    owner: InProcess, quay: QuayRegistry, running: Running, pushed: Callable[..., Image]
) -> None:
    image = pushed("acme/app", *(f"v{number:03}" for number in range(250)))
    quay.lose([quay.entries("acme/app")[0]])
    rows = owner("tag", "ls", APP, "--format", "json").json()
    assert [row["name"] for row in rows] == [f"v{number:03}" for number in range(250)]
    size = sum(entry.size for entry in quay.entries("acme/app")[:1])
    assert {(row["digest"], row["size"], row["expires"]) for row in rows} == {
        (image.digest, size, None)
    }
    assert asked(running) == [
        f"/api/v1/repository/acme/app/tag/?limit=100&page={page}&onlyActiveTags=true"
        for page in (1, 2, 3)
    ]


def test_an_index_has_its_size_looked_up_where_it_is_wanted(
    owner: InProcess, pushed: Callable[..., Image], running: Running, image: Image
) -> None:
    owner("push", image.source, f"{APP}:multi")
    pushed("acme/app", "single")
    listed = owner("tag", "ls", APP, "--format", "json").json()
    assert {row["name"]: row["size"] is None for row in listed} == {"single": False, "multi": True}
    done = owner("tag", "ls", APP, "--fields", "name,size", "--format", "json")
    assert all(row["size"] > 0 for row in done.json())


def test_when_a_tag_will_expire(
    owner: InProcess, quay: QuayRegistry, pushed: Callable[..., Image]
) -> None:
    pushed("acme/app", "v1", "nightly")
    quay.expiring["acme/app", "nightly"] = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)
    rows = owner("tag", "ls", APP, "--fields", "name,expires", "--format", "json").json()
    assert {row["name"]: row["expires"] for row in rows} == {
        "nightly": "2040-01-02T03:04:05Z",
        "v1": None,
    }


def test_a_tag_comes_back_as_it_was_last_or_as_it_was_once(
    owner: InProcess, quay: QuayRegistry, pushed: Callable[..., Image], oci_layout: Layout
) -> None:
    old = pushed("acme/app", "v1", image=oci_layout.image("old"))
    quay.lose(quay.entries("acme/app"))
    new = pushed("acme/app", "v1", image=oci_layout.image("new"))
    there = owner("tag", "undelete", f"{APP}:v1")
    assert there.exit_code == 1
    assert f"it is there, at {new.digest} (CONFLICT)" in there.stderr
    back = owner("tag", "undelete", f"{APP}:v1", "--digest", old.digest, "--format", "json")
    assert back.json()["digest"] == old.digest
    assert owner("digest", f"{APP}:v1").stdout.split()[0] == old.digest
    assert owner("tag", "rm", f"{APP}:v1", "--yes").exit_code == 0
    last = owner("tag", "undelete", f"{APP}:v1", "--format", "json").json()
    assert last["digest"] == old.digest


def test_a_tag_that_is_gone_is_not_found(owner: InProcess, pushed: Callable[..., Image]) -> None:
    image = pushed("acme/app", "v1", "v2")
    assert owner("tag", "rm", f"{APP}:v1", "--yes").exit_code == 0
    for command in (("digest", f"{APP}:v1"), ("tag", "rm", f"{APP}:v1", "--yes")):
        done = owner(*command)
        assert done.exit_code == 3
        assert "v1 was deleted or has expired (TAG_EXPIRED)" in done.stderr
    assert owner("digest", f"{APP}@{image.digest}").exit_code == 0


def test_its_referrers_are_known_of_and_asked_for(
    owner: InProcess, pushed: Callable[..., Image]
) -> None:
    """Quay answers 400 for a subject that it has not, which does not mean that it has no API."""
    image = pushed("acme/app", "v1")
    listed = owner("referrer", "ls", f"{APP}@{image.digest}", "-q")
    assert (listed.exit_code, listed.stdout) == (0, ""), listed.stderr
    assert owner("referrer", "ls", f"{APP}@sha256:{'0' * 64}").exit_code == 3
    assert owner("registry", "ping", APP, "--format", "json").json()["referrers"] is True


def test_what_never_was_does_not_come_back(
    owner: InProcess, quay: QuayRegistry, pushed: Callable[..., Image], running: Running
) -> None:
    pushed("acme/app", "v1")
    for arguments in ((f"{APP}:v2",), (f"{APP}:v1", "--digest", f"sha256:{'0' * 64}")):
        done = owner("tag", "undelete", *arguments)
        assert done.exit_code == 3
        assert "its history has no such tag, or not with this digest (NOT_FOUND)" in done.stderr
    assert asked(running, "POST") == []


def test_a_repository_that_is_read_only_is_not_a_server_in_trouble(
    owner: InProcess, quay: QuayRegistry, pushed: Callable[..., Image], running: Running
) -> None:
    pushed("acme/app", "v1")
    quay.lose(quay.entries("acme/app"))
    quay.storage.tags.delete("acme/app", "v1")
    quay.facts["acme/app"].state = "READ_ONLY"
    done = owner("tag", "undelete", f"{APP}:v1")
    assert done.exit_code == 1
    assert "repository is in read only or mirror mode" in done.stderr
    assert len(asked(running, "POST")) == 1
