"""Artifactory: three ways to one key, pages that lie about their length, what may be deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest

from hubcli.http.response import Response
from hubcli.providers.recognition import greeted
from support.images import Image
from support.providers.artifactory import ArtifactoryServer, file
from support.providers.standin import Running
from support.running import InProcess, Result
from support.terminal import Terminal

HOST = "acme.jfrog.io"
DIGEST = f"sha256:{'a' * 64}"

Start = Callable[..., Running]


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path, cli: InProcess) -> Iterator[Start]:
    """`start(server)`: it runs, and the user is signed in; further lines go into its row."""
    with ExitStack() as stack:

        def starting(server: ArtifactoryServer, *lines: str) -> Running:
            running = stack.enter_context(server.running())
            config = tmp_path / "config.toml"
            config.write_text("\n".join([running.config.rstrip(), *lines, ""]))
            environ["HUBCLI_CONFIG"] = str(config)
            environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
            arguments = ("--username", running.username, "--password-stdin", "--store", "file")
            done = cli("login", running.host, *arguments, stdin=running.secret)
            assert done.exit_code == 0, done.stderr
            return running

        yield starting


@pytest.fixture
def server() -> ArtifactoryServer:
    made = ArtifactoryServer()
    made.make("docker-local")
    return made


def refused(done: Result, code: int, line: str) -> None:
    """It ended with a code and one line, with or without a hint below."""
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.splitlines()[0] == f"error: {line}"
    assert all(rest.startswith("hint: ") for rest in done.stderr.splitlines()[1:])


# Recognition


@pytest.mark.parametrize(
    ("challenge", "headers", "why"),
    [
        ("", {"X-JFrog-Version": "Artifactory/7.111.4"}, "the header x-jfrog-version"),
        ("", {"X-Artifactory-Id": "0a1b"}, "the header x-artifactory-id"),
        (
            'Bearer realm="https://art.example/artifactory/api/docker/prod/v2/token",service="x"',
            {},
            "the token server /artifactory/api/docker/prod/v2/token",
        ),
        ('Bearer realm="https://art.example/v2/token",service="x"', {}, None),
        ('Basic realm="Artifactory Realm"', {}, None),
    ],
)
def test_its_greeting_gives_it_away(
    challenge: str, headers: dict[str, str], why: str | None
) -> None:
    challenges = (challenge,) if challenge else ()
    answer = Response(401, httpx.Headers(headers), b"", "https://art.example/v2/", challenges)
    found = greeted(answer)
    assert (found and found.row.name) == ("artifactory" if why else None)
    assert found is None or found.why == f"{why} of its greeting"


# Three ways to reach a key


def standing_for(key: str, host: str) -> ArtifactoryServer:
    made = ArtifactoryServer()
    made.host, made.own = host, key
    made.make(key)
    made.make("another")
    return made


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("docker-local.art.example", ()),
        ("acme-docker-local.jfrog.io", ()),
        ("art.example:5001", ('api = "{url}/artifactory/api/docker/docker-local"',)),
        ("art.example", ('api = "{url}/artifactory/api/docker/docker-local/"',)),
    ],
)
def test_a_host_that_stands_for_a_key(
    start: Start, cli: InProcess, image: Image, host: str, lines: tuple[str, ...]
) -> None:
    server = standing_for("docker-local", host)
    # Where the row's `api` is cannot be known before it runs; it is on the registry's own port.
    running = start(server)
    if lines:
        url = f"http://{running.origins[0]}"
        for line in lines:
            key, _, value = line.format(url=url).partition(" = ")
            done = cli("config", "set", f"registries.{host}.{key}", value.strip('"'))
            assert done.exit_code == 0, done.stderr
    name = f"{host}/team/app"
    for tag in ("v1", "v2"):
        done = cli("push", image.source, f"{name}:{tag}")
        assert done.exit_code == 0, done.stderr
    assert cli("repo", "ls", host, "-q").lines() == [name]
    assert cli("repo", "ls", f"{host}/team", "-q").lines() == [name]
    rows = cli("tag", "ls", name, "--format", "json").json()
    assert [(row["name"], row["digest"]) for row in rows] == [
        ("v1", image.digest),
        ("v2", image.digest),
    ]
    row = cli("repo", "inspect", name, "--format", "json").json()
    assert (row["name"], row["tag_count"]) == (name, 2)
    (row,) = cli("repo", "ls", f"{host}/team", "--format", "json").json()
    assert row["tag_count"] == 2
    assert [row["name"] for row in cli("search", f"{host}/app", "--format", "json").json()] == [
        name
    ]
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    assert cli("tag", "ls", name, "-q").lines() == ["v2"]
    assert cli("repo", "rm", name, "--yes").exit_code == 0
    assert cli("tag", "ls", name).exit_code == 3
    assert {query.criteria.get("repo") for query in server.queries[:-2]} <= {"docker-local", None}


def test_a_port_that_does_not_say_for_which_key_it_stands(
    start: Start, cli: InProcess, image: Image
) -> None:
    """What `/v2/` has is listed; nothing is deleted by guessing."""
    server = standing_for("docker-local", "art.example:5001")
    start(server)
    name = "art.example:5001/team/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    assert cli("tag", "ls", name, "-q").lines() == ["v1"]
    done = cli("tag", "rm", f"{name}:v1", "--yes")
    refused(
        done,
        3,
        f"cannot delete {name}:v1: art.example:5001 has no repository key team, and does not tell"
        " which one it is (NOT_FOUND)",
    )
    assert done.stderr.endswith(
        "hint: hubcli config set registries.art.example:5001.api"
        " https://art.example/artifactory/api/docker/KEY"
        " (or https://art.example/artifactory, if paths begin with keys)\n"
    )


def test_a_key_does_not_go_because_an_image_was_meant(start: Start, cli: InProcess) -> None:
    server = standing_for("docker-local", "art.example:5001")
    start(server)
    for command in (
        ("repo", "rm", "art.example:5001/another", "--yes"),
        ("repo", "create", "art.example:5001/fresh"),
        ("repo", "edit", "art.example:5001/another", "--description", "x", "--yes"),
    ):
        done = cli(*command)
        assert done.exit_code == 1
        assert (
            "art.example:5001 does not tell whether it stands for one repository key (UNSUPPORTED)"
            in done.stderr
        )
    assert [*server.keys] == ["docker-local", "another"]
    url = "http://127.0.0.1:9/artifactory"
    assert cli("config", "set", "registries.art.example:5001.api", url).exit_code == 0
    assert cli("repo", "rm", "art.example:5001/another", "--yes").exit_code == 6


def test_files_that_are_not_what_the_host_serves_stay(
    start: Start, cli: InProcess, image: Image
) -> None:
    """The path begins like another key, which has an image of the same name."""
    server = standing_for("docker-local", "art.example:5001")
    server.make("team")
    server.made.append(file("team", "app/v1", "manifest.json", 500, DIGEST))
    start(server)
    name = "art.example:5001/team/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    for command in (("tag", "rm", f"{name}:v1"), ("repo", "rm", name)):
        done = cli(*command, "--yes")
        assert done.exit_code == 1
        assert (
            "team/app/v1 in Artifactory is not what art.example:5001 serves; nothing was deleted"
            in done.stderr
        )
    assert cli("digest", f"{name}:v1").exit_code == 0


# Lists


def test_tags_with_what_their_files_tell(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    """Only folders right below the image that have a manifest are tags; sizes are of images."""
    server.made += [
        file("docker-local", "app/v1", "manifest.json", 500, DIGEST),
        file("docker-local", "app/v1", f"sha256__{'b' * 64}", 1000),
        file("docker-local", "app/v1", f"sha256__{'c' * 64}", 234),
        file("docker-local", "app/all", "list.manifest.json", 700, DIGEST),
        file("docker-local", f"app/sha256:{'d' * 64}", "manifest.json", 500, DIGEST),
        file("docker-local", f"app/sha256__{'d' * 64}", "manifest.json", 500, DIGEST),
        file("docker-local", f"app/sha256-{'d' * 64}", "list.manifest.json", 500, DIGEST),
        file("docker-local", "app/_uploads", "something", 500),
        file("docker-local", "app/worker/v9", "manifest.json", 500, DIGEST),
        file("docker-local", "application/v8", "manifest.json", 500, DIGEST),
    ]
    start(server)
    rows = cli("tag", "ls", f"{HOST}/docker-local/app", "--format", "json").json()
    assert [(row["name"], row["digest"], row["size"]) for row in rows] == [
        ("all", DIGEST, None),
        ("v1", DIGEST, 1234),
    ]
    assert rows[0]["pushed"] == rows[0]["updated"] == server.made[3]["modified"].replace(".000", "")
    found = cli("repo", "ls", f"{HOST}/docker-local", "-q").lines()
    names = ("app", "app/worker", "application")
    assert sorted(found) == [f"{HOST}/docker-local/{name}" for name in names]
    inside = cli("repo", "ls", f"{HOST}/docker-local/app", "-q").lines()
    assert inside == [f"{HOST}/docker-local/app/worker"]
    row = cli("repo", "inspect", f"{HOST}/docker-local/app", "--format", "json").json()
    assert row["size"] == 500 + 1000 + 234 + 700 + 4 * 500


def test_pages_are_read_to_the_end_however_short_they_are(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    """The server has a limit of its own, and takes out what one may not see."""
    server.most = 100
    server.made += [
        file("docker-local", f"app/v{number:04}", "manifest.json", 500, DIGEST)
        for number in range(1000)
    ]
    server.hidden = frozenset(f"app/v{number:04}" for number in range(250, 290))
    start(server)
    names = cli("tag", "ls", f"{HOST}/docker-local/app", "-q").lines()
    assert names == [f"v{number:04}" for number in range(1000) if not 250 <= number < 290]
    assert [query.offset for query in server.queries] == [*range(0, 1001, 100)]


def test_keys_of_every_kind(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    server.make("hub", "remote")
    server.make("all", "virtual")
    server.make("jars", "local", "maven")
    server.made += [
        file("docker-local", "app/v1", "manifest.json", 500, DIGEST),
        file("hub-cache", "library/redis/7", "manifest.json", 500, DIGEST),
        file("jars", "some/thing", "manifest.json", 500),
        file("all", "app/v1", "manifest.json", 500, DIGEST),
    ]
    start(server)
    assert cli("repo", "ls", HOST, "-q").lines() == [
        f"{HOST}/docker-local/app",
        f"{HOST}/hub/library/redis",
    ]
    assert cli("repo", "ls", f"{HOST}/all", "-q").lines() == [f"{HOST}/all/app"]
    found = [row["name"] for row in cli("search", f"{HOST}/thing", "--format", "json").json()]
    assert found == []
    refused(
        cli("repo", "rm", f"{HOST}/hub/library/redis", "--yes"),
        1,
        f"cannot delete {HOST}/hub/library/redis: the repository key hub is remote: it brings back"
        " what was deleted (UNSUPPORTED)",
    )
    refused(
        cli("repo", "rm", f"{HOST}/all/app", "--yes"),
        1,
        f"cannot delete {HOST}/all/app: the repository key all is virtual: what it shows is in"
        " other keys (UNSUPPORTED)",
    )


def test_behind_a_remote_key_the_names_are_those_of_its_upstream(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    server.make("hub", "remote")
    start(server)
    name = f"{HOST}/hub/library/redis"
    assert cli("push", image.source, f"{name}:7").exit_code == 0
    (row,) = cli("tag", "ls", name, "--format", "json").json()
    assert (row["name"], row["digest"], row["pushed"]) == ("7", None, None)
    (row,) = cli("tag", "ls", name, "--digest", image.digest, "--format", "json").json()
    assert row["digest"] == image.digest


def test_pages_of_names_go_on_though_their_links_lack_the_key(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    server.make("hub", "remote")
    server.tags_of_a_page = 1
    start(server)
    name = f"{HOST}/hub/library/redis"
    for tag in ("6", "7", "8"):
        assert cli("push", image.source, f"{name}:{tag}").exit_code == 0
    assert cli("tag", "ls", name, "-q").lines() == ["6", "7", "8"]


def test_what_a_virtual_key_has_twice_is_looked_up(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    """Which of the two is served depends on the order of keys in the virtual one."""
    server.make("all", "virtual")
    for key, letter in (("one", "b"), ("two", "c")):
        found = file(key, "app/v1", "manifest.json", 500, f"sha256:{letter * 64}")
        server.made.append({**found, "virtual_repos": ["all"]})
    start(server)
    name = f"{HOST}/all/app"
    (row,) = cli("tag", "ls", name, "--format", "json").json()
    assert (row["name"], row["digest"], row["pushed"]) == ("v1", None, None)
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    (row,) = cli("tag", "ls", name, "--digest", image.digest, "--format", "json").json()
    assert row["digest"] == image.digest


def test_search_takes_keys_and_parts_of_names(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    server.make("prod")
    server.made += [
        file(key, f"{image}/v1", "manifest.json", 500, DIGEST)
        for key, image in (
            ("docker-local", "team/api"),
            ("docker-local", "api-docs"),
            ("prod", "web"),
            ("prod", "team/api"),
        )
    ]
    start(server)

    def found(words: str) -> list[str]:
        rows = cli("search", f"{HOST}/{words}", "--format", "json").json()
        return [row["name"].removeprefix(f"{HOST}/") for row in rows]

    assert found("api") == ["docker-local/team/api", "prod/team/api", "docker-local/api-docs"]
    assert found("prod") == ["prod/team/api", "prod/web"]
    assert found("prod/te") == ["prod/team/api"]
    assert found("od/web") == ["prod/web"]
    before = len(server.queries)
    assert found("ap*") == []
    assert len(server.queries) == before


def test_for_strangers_there_are_names(
    cli: InProcess, start: Start, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    server.people.any_subject = True
    server.mint = None
    assert cli("logout", HOST).exit_code == 0
    done = cli("tag", "ls", name, "-q")
    assert (done.exit_code, done.stdout) == (0, "v1\n"), done.stderr
    assert cli("repo", "ls", HOST).exit_code == 4


# Changing


def test_an_image_goes_without_those_whose_names_go_on_from_its_own(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    names = [f"{HOST}/docker-local/{name}" for name in ("app", "app/worker")]
    for name in names:
        assert cli("push", image.source, f"{name}:v1").exit_code == 0
    assert cli("repo", "rm", names[0], "--yes").exit_code == 0
    assert cli("repo", "ls", HOST, "-q").lines() == [names[1]]
    assert cli("digest", f"{names[1]}:v1").exit_code == 0


def test_a_key_is_made_edited_and_removed(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    start(server)
    name = f"{HOST}/team"
    options = ("--option", "package-type=oci", "--option", "max-unique-tags=50")
    done = cli("repo", "create", name, "--description", "Ours", *options)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{name}\n", "")
    assert server.keys["team"] == {
        "key": "team",
        "rclass": "local",
        "packageType": "oci",
        "repoLayoutRef": "simple-default",
        "description": "Ours",
        "maxUniqueTags": 50,
    }
    edited = cli("repo", "edit", name, "--description", "All of ours", "--yes")
    assert edited.exit_code == 0, edited.stderr
    row = cli("repo", "inspect", name, "--format", "json").json()
    assert (row["name"], row["description"]) == (name, "All of ours")
    assert cli("repo", "rm", name, "--yes").exit_code == 0
    assert "team" not in server.keys


def test_a_repository_comes_with_the_push_and_its_key_does_not(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    done = cli("repo", "create", f"{HOST}/team/app")
    assert done.stdout == f"{HOST}/team/app\n"
    assert done.stderr == (f"made the repository key {HOST}/team; app comes with the first push\n")
    again = cli("repo", "create", f"{HOST}/team/app")
    refused(
        again,
        1,
        f"cannot create {HOST}/team/app: {HOST} creates an image when it is pushed to its"
        " repository key (UNSUPPORTED)",
    )
    assert again.stderr.endswith(f"hint: hubcli push SOURCE {HOST}/team/app\n")
    assert cli("push", image.source, f"{HOST}/team/app:v1").exit_code == 0
    there = cli("repo", "create", f"{HOST}/team/app")
    refused(
        there,
        1,
        f"cannot create {HOST}/team/app: there is a repository of that name (CONFLICT)",
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--option", "package-type=helm"), 2),
        (("--option", "max-unique-tags=many"), 2),
        (("--option", "max-unique-tags=-1"), 2),
        (("--option", "tag-retention=99999999999"), 2),
        (("--option", "nothing=1"), 2),
        (("--private",), 1),
        (("--immutable-tags",), 1),
    ],
)
def test_what_no_key_can_have_is_refused_before_anything_is_made(
    start: Start,
    cli: InProcess,
    server: ArtifactoryServer,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    start(server)
    assert cli("repo", "create", f"{HOST}/team", *arguments).exit_code == code
    assert [*server.keys] == ["docker-local"]


def test_only_administrators_make_keys(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    server.administers = False
    start(server)
    done = cli("repo", "create", f"{HOST}/team")
    refused(done, 4, f"cannot create {HOST}/team: forbidden (DENIED)")
    assert done.stderr.endswith("hint: an administrator of Artifactory makes repository keys\n")


def test_a_key_of_another_kind_has_the_name(
    start: Start, cli: InProcess, server: ArtifactoryServer
) -> None:
    server.make("jars", "local", "maven")
    start(server)
    refused(
        cli("repo", "create", f"{HOST}/jars"),
        1,
        f"cannot create {HOST}/jars: case insensitive repository key already exists (CONFLICT)",
    )


def test_only_keys_are_edited(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    done = cli("repo", "edit", name, "--description", "x", "--yes")
    refused(
        done,
        1,
        f"cannot edit {name}: {HOST} keeps nothing of an image that could be edited, only of its"
        " key (UNSUPPORTED)",
    )
    assert done.stderr.endswith(f"hint: hubcli repo edit {HOST}/docker-local\n")
    fixed = cli("repo", "edit", f"{HOST}/docker-local", "--option", "package-type=oci", "--yes")
    assert fixed.exit_code == 1
    assert "what a repository key is for does not change (UNSUPPORTED)" in fixed.stderr


def test_a_tag_comes_back_only_as_it_was(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    name = f"{HOST}/docker-local/app"
    for tag in ("v1", "v2"):
        assert cli("push", image.source, f"{name}:{tag}").exit_code == 0
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    other = cli("tag", "undelete", f"{name}:v1", "--digest", DIGEST)
    assert other.exit_code == 3, other.stderr
    assert cli("tag", "ls", name, "-q").lines() == ["v2"]
    done = cli("tag", "undelete", f"{name}:v1", "--digest", image.digest)
    assert done.exit_code == 0, done.stderr
    assert cli("tag", "ls", name, "-q").lines() == ["v1", "v2"]


def test_an_index_comes_back_with_its_images(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    """They have folders of their own, which went with the repository."""
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    before = {manifest.digest for manifest in server.manifests("docker-local/app")}
    assert len(before) > 1
    assert cli("repo", "rm", name, "--yes").exit_code == 0
    assert server.manifests("docker-local/app") == []
    done = cli("tag", "undelete", f"{name}:v1")
    assert done.exit_code == 0, done.stderr
    assert {manifest.digest for manifest in server.manifests("docker-local/app")} == before


def test_the_image_of_an_index_stays_when_its_last_tag_goes(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    """Its only files may be those of the tag that it was pushed under."""
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    child, other = (each["digest"] for each in image.platforms.values())
    for digest, tag in ((child, "amd64"), (child, "amd64-too"), (other, "arm64")):
        assert cli("tag", "cp", f"{name}@{digest}", tag).exit_code == 0
    done = cli("tag", "rm", f"{name}:amd64", f"{name}:amd64-too", "--yes")
    assert done.exit_code == 0, done.stderr
    assert cli("tag", "prune", name, "--filter", "arm*", "--yes").exit_code == 0
    assert cli("tag", "ls", name, "-q").lines() == ["v1"]
    left = {manifest.digest for manifest in server.manifests("docker-local/app")}
    assert left == {image.digest, child, other}
    # Without the index nothing needs them.
    assert cli("tag", "cp", f"{name}@{child}", "amd64").exit_code == 0
    for tag in ("v1", "amd64"):
        assert cli("tag", "rm", f"{name}:{tag}", "--yes").exit_code == 0
    left = {manifest.digest for manifest in server.manifests("docker-local/app")}
    assert left == {other}


def test_what_is_there_is_not_replaced_by_what_was(
    start: Start, cli: InProcess, image: Image, server: ArtifactoryServer
) -> None:
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    assert cli("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    refused(
        cli("tag", "undelete", f"{name}:v1"),
        1,
        f"cannot bring back {name}:v1: there is a tag of that name, which it would replace"
        " (CONFLICT)",
    )


def test_at_a_terminal_the_name_is_asked_for(
    start: Start,
    cli: InProcess,
    image: Image,
    server: ArtifactoryServer,
    terminal: Callable[..., AbstractContextManager[Terminal]],
) -> None:
    start(server)
    name = f"{HOST}/docker-local/app"
    assert cli("push", image.source, f"{name}:v1").exit_code == 0
    with terminal("repo", "rm", name) as shown:
        shown.expect(f"Type {name} to delete it for good")
        shown.send("no\n")
        assert shown.wait() == 1
    assert json.loads(cli("tag", "ls", name, "--format", "json").stdout)
