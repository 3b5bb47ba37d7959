"""`hubcli tag ls` on Docker Hub and on any registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from hubcli.cli.tag.declared import TAG
from support.docker_registry import DockerRegistry
from support.hub_repositories import hub_repository
from support.images import CREATED, Layout
from support.running import InProcess, Subprocess
from support.sandbox import SandboxServer
from support.sandbox_registry import RegistryServer, registry_server
from support.scripted import Answer, ScriptedServer, Seen
from support.skopeo import Skopeo
from support.terminal import Terminal

Registries = Callable[..., DockerRegistry]
HELLO = "library/hello-world"
NIGHTLY = "bigorg/nightly"
FIELDS = (
    "name", "digest", "status", "updated", "pushed", "pulled", "size", "platforms", "reference",
    "repository", "media_type", "type", "created", "aliases", "expires",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared_modern() -> Iterator[RegistryServer]:
    with registry_server() as server:
        yield server


@pytest.fixture
def versions(shared_modern: RegistryServer, repository: str) -> tuple[str, dict[str, str]]:
    """A repository with four tags, two of them of one image; their digests."""
    digests = {}
    for tag, maker in (("v1.9", "a"), ("v1.10", "b"), ("v1.10-rc1", "c")):
        digests[tag] = shared_modern.push_image(repository, tag, annotations={"maker": maker})
    document = shared_modern.fetch(repository, "v1.10").content
    shared_modern.push(repository, "latest", document)
    digests["latest"] = digests["v1.10"]
    return f"{shared_modern.host}/{repository}", digests


@pytest.fixture
def month(sandbox: SandboxServer, repository: str) -> str:
    """A repository on Hub with a tag for each day of March."""
    hub_repository(sandbox, repository, {f"202603{day:02}": f"day {day}" for day in range(1, 32)})
    sandbox.forget()
    return repository


def test_the_fields_are_those_of_the_contract() -> None:
    assert TAG.names == FIELDS
    assert [field.name for field in TAG.defaults] == [
        "name", "digest", "status", "updated", "pushed", "pulled", "size",
    ]  # fmt: skip


def test_hub_tells_everything(cli: InProcess, sandbox: SandboxServer) -> None:
    result = cli("tag", "ls", HELLO, "--format", "json")
    assert result.exit_code == 0
    rows = result.json()
    (latest,) = (row for row in rows if row["name"] == "latest")
    assert set(latest) == set(FIELDS)
    assert latest["reference"] == f"{HELLO}:latest"
    assert latest["repository"] == HELLO
    assert latest["platforms"] == ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"]
    assert latest["digest"].startswith("sha256:")
    assert latest["status"] == "active"
    assert latest["pushed"].endswith("Z")
    assert latest["media_type"] == "application/vnd.oci.image.index.v1+json"


def test_a_pipe_gets_whole_values_without_a_header(cli: InProcess, sandbox: SandboxServer) -> None:
    rows = [line.split("\t") for line in cli("tag", "ls", HELLO).lines()]
    assert [len(row) for row in rows] == [7] * len(rows)
    by_name = {row[0]: row for row in rows}
    assert {"latest", "linux"} <= set(by_name)
    assert len(by_name["latest"][1]) == len("sha256:") + 64


def test_five_thousand_tags_are_five_thousand_lines(
    hubcli: Subprocess, sandbox: SandboxServer
) -> None:
    lines = hubcli("tag", "ls", NIGHTLY).lines()
    assert len(lines) == 5000
    names = [line.split("\t")[0] for line in lines]
    assert len(set(names)) == 5000
    assert names == sorted(names, reverse=True)


def test_names_alone_can_be_handed_on(cli: InProcess, sandbox: SandboxServer) -> None:
    names = cli("tag", "ls", HELLO, "-q").lines()
    assert "latest" in names
    whole = cli("tag", "ls", HELLO, "-q", "--full-ref").lines()
    assert whole == [f"{HELLO}:{name}" for name in names]
    listed = cli("tag", "ls", HELLO, "--full-ref").lines()
    assert [line.split("\t")[0] for line in listed] == whole


def test_a_screen_gets_a_screenful(cli: InProcess, sandbox: SandboxServer, month: str) -> None:
    result = cli("tag", "ls", month, terminal=True, columns=200)
    assert len(result.lines()) == 1 + 25
    assert result.stderr == "25 of 31, --all shows all\n"
    assert len(sandbox.requests("GET /v2/namespaces")) == 1
    everything = cli("tag", "ls", month, "--all", terminal=True, columns=200)
    assert len(everything.lines()) == 1 + 31
    assert everything.stderr == ""
    assert len(cli("tag", "ls", month, "--limit", "3", terminal=True).lines()) == 1 + 3
    assert len(cli("tag", "ls", month, "--format", "jsonl", terminal=True).lines()) == 31


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--match", "^2026"], "25 of 31, --all shows all\n"),
        (["--sort", "name"], "25 of 31, --all shows all\n"),
        (["--filter", "202603*"], "25 of 31, --all shows all\n"),
        (["--platform", "linux/amd64"], "25 of 31, --all shows all\n"),
        (["--filter", "2026030?"], ""),
    ],
)
def test_a_filtered_screenful_says_how_many_there_are(
    cli: InProcess, month: str, options: list[str], told: str
) -> None:
    result = cli("tag", "ls", month, *options, terminal=True, columns=200)
    assert len(result.lines()) == 1 + (25 if told else 9)
    assert result.stderr == told


def test_elsewhere_a_screenful_asks_for_no_more_than_it_needs(
    cli: InProcess, shared_modern: RegistryServer, repository: str
) -> None:
    document = shared_modern.image(repository)
    for number in range(30):
        shared_modern.push(repository, f"v{number}", document)
    name = f"{shared_modern.host}/{repository}"
    result = cli("tag", "ls", name, terminal=True)
    assert (len(result.lines()), result.stderr) == (26, "25 of 30, --all shows all\n")
    chosen = cli("tag", "ls", name, "--platform", "linux/amd64", terminal=True)
    assert (len(chosen.lines()), chosen.stderr) == (26, "the first 25, --all shows all\n")


def test_a_real_terminal_shows_a_table(
    terminal: Callable[..., AbstractContextManager[Terminal]], sandbox: SandboxServer
) -> None:
    with terminal("tag", "ls", NIGHTLY, columns=120) as screen:
        assert screen.wait() == 0
        assert "NAME" in screen.screen
        assert "20261120" in screen.screen
        assert "25 of 5000, --all shows all" in screen.screen


def test_a_limit_needs_one_page(cli: InProcess, sandbox: SandboxServer) -> None:
    assert len(cli("tag", "ls", NIGHTLY, "--limit", "7").lines()) == 7
    assert len(sandbox.requests("GET /v2/namespaces")) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--filter", "2026031*"], 10),
        (["--filter", "2026030?"], 9),
        (["--filter", "[12]*1"], 4),
        (["--filter", "[]2]*1"], 4),
        (["--limit", str(10**30)], 31),
        (["--match", "^202603(10|11)$"], 2),
        (["--match", "1$", "--filter", "2026032*"], 1),
        (["--filter", "nothing*"], 0),
        (["--filter", "*1", "--filter", "*2"], 7),
        (["--filter", "*1", "--except", "*11", "--except", "*21"], 2),
        (["--variant", "alpine"], 0),
    ],
)
def test_names_are_filtered(cli: InProcess, month: str, options: list[str], expected: int) -> None:
    result = cli("tag", "ls", month, *options, "-q")
    assert (result.exit_code, len(result.lines())) == (0, expected)


def test_hub_chooses_by_time(cli: InProcess, month: str) -> None:
    names = cli("tag", "ls", month, "--format", "json").json()
    moments = sorted(row["updated"] for row in names)
    since = cli("tag", "ls", month, "--since", moments[10], "-q").lines()
    until = cli("tag", "ls", month, "--until", moments[10], "-q").lines()
    assert sorted(since) == [f"202603{day:02}" for day in range(11, 32)]
    assert sorted(until) == [f"202603{day:02}" for day in range(1, 11)]
    wrong = cli("tag", "ls", month, "--since", "1d", "--until", "2d")
    assert wrong.exit_code == 2
    assert "--since 1d is not before --until 2d" in wrong.stderr


def test_elsewhere_the_time_an_image_was_made_counts(
    cli: InProcess, shared_modern: RegistryServer, repository: str
) -> None:
    made = {"org.opencontainers.image.created": "2026-01-02T00:00:00Z"}
    shared_modern.push_image(repository, "made", annotations=made)
    shared_modern.push_image(repository, "timeless")
    name = f"{shared_modern.host}/{repository}"
    assert cli("tag", "ls", name, "--until", "2026-06-01", "-q").lines() == ["made"]
    assert cli("tag", "ls", name, "--since", "2026-06-01", "-q").lines() == []


def test_versions_are_filtered(cli: InProcess, sandbox: SandboxServer) -> None:
    names = cli("tag", "ls", "alice/webapp", "--semver", ">=1.1 <2", "--sort", "version", "-q")
    assert names.lines() == ["v1.1.0", "v1.2.0", "v1.2.1"]
    assert cli("tag", "ls", "alice/webapp", "--semver", "new").exit_code == 2


def test_hub_helps_with_a_pattern(cli: InProcess, sandbox: SandboxServer) -> None:
    assert len(cli("tag", "ls", NIGHTLY, "--filter", "202611*", "-q").lines()) == 20
    (request,) = sandbox.requests("GET /v2/namespaces")
    assert "name=202611" in request.query


def test_a_reference_may_hold_the_pattern(cli: InProcess, month: str) -> None:
    assert len(cli("tag", "ls", f"{month}:2026031*", "-q").lines()) == 10
    both = cli("tag", "ls", f"{month}:2026*", "--filter", "*01")
    assert both.exit_code == 2


def test_a_platform_filters(cli: InProcess, sandbox: SandboxServer) -> None:
    names = cli("tag", "ls", HELLO, "--platform", "linux/arm64", "-q").lines()
    assert names == ["latest", "linux"]


def test_other_registries_tell_names(cli: InProcess, versions: tuple[str, dict[str, str]]) -> None:
    name, _ = versions
    result = cli("tag", "ls", name)
    assert result.stdout == "latest\nv1.10\nv1.10-rc1\nv1.9\n"
    row = cli("tag", "ls", name, "--format", "json").json()[0]
    assert set(row) == set(FIELDS)
    assert row | {"name": "latest", "reference": f"{name}:latest", "repository": name} == row
    assert all(row[field] is None for field in set(FIELDS) - {"name", "reference", "repository"})


def test_details_are_asked_for(
    cli: InProcess,
    docker_registry: Registries,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
) -> None:
    name = f"{docker_registry().host}/{repository}"
    image = oci_layout.image("v1", platforms=["linux/amd64", "linux/arm64"])
    skopeo.copy(image.source, f"docker://{name}:v1")
    (line,) = cli("tag", "ls", name, "--details").lines()
    tag, digest, size, platforms, created = line.split("\t")
    assert (tag, digest, platforms) == ("v1", image.digest, "linux/amd64,linux/arm64")
    assert skopeo.inspect(f"{name}:v1")["Digest"] == digest
    assert created == CREATED
    assert int(size) > 0
    chosen = cli("tag", "ls", name, "--fields", "digest,created").stdout
    assert chosen == f"{image.digest}\t{CREATED}\n"


def test_which_tags_point_here(cli: InProcess, versions: tuple[str, dict[str, str]]) -> None:
    name, digests = versions
    result = cli("tag", "ls", name, "--digest", digests["latest"], "-q")
    assert result.lines() == ["latest", "v1.10"]


def test_tags_of_a_digest_are_aliases(cli: InProcess, versions: tuple[str, dict[str, str]]) -> None:
    name, digests = versions
    rows = cli("tag", "ls", name, "--aliases", "--format", "json").json()
    assert [(row["digest"], row["aliases"]) for row in rows] == [
        (digests["latest"], ["v1.10", "latest"]),
        (digests["v1.10-rc1"], ["v1.10-rc1"]),
        (digests["v1.9"], ["v1.9"]),
    ]
    assert cli("tag", "ls", name, "--aliases").lines()[0] == (
        f"v1.10\t{digests['latest']}\tv1.10,latest"
    )


def test_which_version_is_latest(
    cli: InProcess, sandbox: SandboxServer, versions: tuple[str, dict[str, str]]
) -> None:
    name, digests = versions
    result = cli("tag", "ls", name, "--aliases", "--filter", "latest")
    assert result.lines() == [f"v1.10\t{digests['latest']}\tv1.10,latest"]
    assert cli("tag", "ls", f"{name}:latest*", "--aliases", "-q").lines() == ["v1.10"]
    screen = cli("tag", "ls", HELLO, "--aliases", "--no-color", terminal=True).lines()
    assert screen[0].split() == ["NAME", "DIGEST", "UPDATED", "SIZE", "ALIASES"]
    rows = cli("tag", "ls", HELLO, "--aliases", "--match", "^latest$", "--format", "json").json()
    assert [row["name"] for row in rows] != []
    assert all("latest" in row["aliases"] for row in rows)


@pytest.mark.parametrize("name", [HELLO, "{registry}/some/thing"])
def test_what_has_no_tag_is_not_told_everywhere(
    cli: InProcess, sandbox: SandboxServer, shared_modern: RegistryServer, name: str
) -> None:
    result = cli("tag", "ls", name.format(registry=shared_modern.host), "--untagged")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot list untagged manifests of " in result.stderr
    assert "(UNSUPPORTED)\nhint: " in result.stderr


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("version", ["v1.9", "v1.10-rc1", "v1.10", "latest"]),
        ("version=desc", ["latest", "v1.10", "v1.10-rc1", "v1.9"]),
        ("name", ["latest", "v1.10", "v1.10-rc1", "v1.9"]),
        ("size", ["v1.9", "v1.10-rc1", "v1.10", "latest"]),
    ],
)
def test_tags_are_sorted(
    cli: InProcess, versions: tuple[str, dict[str, str]], order: str, expected: list[str]
) -> None:
    name, _ = versions
    names = cli("tag", "ls", name, "--sort", order, "-q").lines()
    assert (names if order != "size" else sorted(names)) == (
        expected if order != "size" else sorted(expected)
    )


def test_hub_sorts_by_time(cli: InProcess, month: str) -> None:
    oldest = cli("tag", "ls", month, "--sort", "updated=asc", "--limit", "1", "-q")
    newest = cli("tag", "ls", month, "--sort", "pushed", "--limit", "1", "-q")
    assert (oldest.stdout, newest.stdout) == ("20260301\n", "20260331\n")


def test_what_a_host_does_not_know_it_says(
    cli: InProcess, versions: tuple[str, dict[str, str]], sandbox: SandboxServer
) -> None:
    name, _ = versions
    host = name.partition("/")[0]
    result = cli("tag", "ls", name, "--sort", "pushed")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"error: cannot list tags of {name}: {host} does not say when tags were pushed"
        f" (UNSUPPORTED)\nhint: hubcli tag ls {name} --sort created\n"
    )
    assert cli("tag", "ls", HELLO, "--sort", "created").exit_code == 1


def test_several_repositories_are_listed_in_their_order(
    cli: InProcess, versions: tuple[str, dict[str, str]], sandbox: SandboxServer
) -> None:
    name, _ = versions
    result = cli("tag", "ls", HELLO, "nobody/nothing", name, "--format", "json")
    repositories = [row["repository"] for row in result.json()]
    assert repositories == [HELLO] * (len(repositories) - 4) + [name] * 4
    assert result.exit_code == 3
    error = json.loads(result.stderr)
    assert error["reference"] == "docker.io/nobody/nothing"
    assert error["exit_code"] == 3
    piped = cli("tag", "ls", name, f"{name}/none")
    assert piped.lines()[0] == f"latest\t{name}"
    assert piped.exit_code == 3


@pytest.mark.parametrize("where", ["nobody/nothing", "127.0.0.1:9/a/b", "{registry}/no/thing"])
def test_an_unknown_repository(
    cli: InProcess, sandbox: SandboxServer, docker_registry: Registries, where: str
) -> None:
    where = where.format(registry=docker_registry().host)
    result = cli("tag", "ls", where)
    assert result.stdout == ""
    assert result.exit_code == (6 if ":9/" in where else 3)
    assert result.stderr.startswith("error: cannot list tags of ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("library/hello-world:latest",),
        ("Library/Hello",),
        (f"{HELLO}@sha256:{'0' * 64}",),
        (HELLO, "--sort", "colour"),
        (HELLO, "--digest", "sha256:short"),
        (HELLO, "--platform", "a/b/c/d"),
        (HELLO, "--match", "("),
        (HELLO, "--limit", "0"),
        (HELLO, "--untagged", "--filter", "v*"),
        (HELLO, "--untagged", "--sort", "version"),
        (HELLO, "--untagged", "--aliases"),
        (f"{HELLO}:v*", "--untagged"),
        (HELLO, "--fields", "colour"),
        (HELLO, "--format", "{{.colour"),
        (),
    ],
)
def test_a_wrong_command_line_asks_nobody(
    cli: InProcess, sandbox: SandboxServer, arguments: tuple[str, ...]
) -> None:
    result = cli("tag", "ls", *arguments)
    assert result.exit_code == 2
    assert sandbox.requests() == []


def test_the_first_listing_needs_three_requests_and_the_second_one(
    cli: InProcess, docker_registry: Registries, skopeo: Skopeo, oci_layout: Layout, repository: str
) -> None:
    registry = docker_registry("token")
    assert registry.tokens is not None
    name = f"{registry.host}/{repository}"
    image = oci_layout.image("v1")
    skopeo.copy(
        image.source, f"docker://{name}:v1", f"--dest-creds={registry.username}:{registry.password}"
    )
    registry.tokens.forget()

    def asked() -> int:
        return len(registry.requests("/tags/list")) + len(registry.tokens.requests())  # type: ignore[union-attr]

    before = asked()
    assert cli("tag", "ls", name).stdout == "v1\n"
    assert asked() - before <= 3
    before = asked()
    assert cli("tag", "ls", name).stdout == "v1\n"
    assert asked() - before == 1


def test_rows_stream_as_their_pages_come(hubcli: Subprocess) -> None:
    """The second page fails: the first one is there all the same, and the exit code tells."""

    def script(seen: Seen) -> Answer:
        if "last" in seen.path:
            return Answer(403, b'{"errors":[{"code":"DENIED","message":"No more"}]}')
        link = {"Link": '</v2/a/b/tags/list?last=v2>; rel="next"'}
        return Answer(200, b'{"tags":["v1","v2"]}', link)

    with ScriptedServer(script) as server:
        name = f"127.0.0.1:{server.port}/a/b"
        for format, expected in (("tsv", "v1\nv2\n"), ("json", None)):
            result = hubcli("tag", "ls", name, "--format", format)
            assert result.exit_code == 4
            if expected is not None:
                assert result.stdout == expected
            else:
                with pytest.raises(json.JSONDecodeError):
                    result.json()


def test_a_closed_pipe_ends_it_quietly(hubcli: Subprocess, sandbox: SandboxServer) -> None:
    process = hubcli.start("tag", "ls", NIGHTLY)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
    if process.stdin is not None:
        process.stdin.close()


def test_hostile_names_are_no_tags(cli: InProcess) -> None:
    body = json.dumps({"tags": ["ok", "\x1b]0;evil\x07", "a b", "<b>"]}).encode()
    with ScriptedServer(lambda _: Answer(200, body)) as server:
        assert cli("tag", "ls", f"127.0.0.1:{server.port}/a/b").stdout == "ok\n"


@pytest.mark.parametrize("auth", ["open", "htpasswd"])
def test_a_loopback_port_may_speak_tls(
    cli: InProcess,
    environ: dict[str, str],
    docker_registry: Registries,
    skopeo: Skopeo,
    oci_layout: Layout,
    repository: str,
    tmp_path: Path,
    auth: str,
) -> None:
    registry = docker_registry(auth, tls=True)
    name = f"{registry.host}/{repository}"
    credentials = f"--dest-creds={registry.username}:{registry.password}"
    skopeo.copy(
        oci_layout.image("v1").source,
        f"docker://{name}:v1",
        *([] if auth == "open" else [credentials]),
    )
    if auth != "open":
        login = {"username": registry.username, "password": registry.password}
        environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {registry.host: login}})
    config = tmp_path / "config.toml"
    config.write_text(f'[registries."{registry.host}"]\nca_file = "{registry.ca_file}"\n')
    for _ in range(2):
        result = cli("tag", "ls", name, "--config", config)
        assert (result.exit_code, result.stdout) == (0, "v1\n"), result.stderr


@pytest.mark.parametrize("kind", ["oci", "ocidir", "oci-archive", "docker-archive"])
def test_a_local_store_is_listed(
    cli: InProcess, oci_layout: Layout, tmp_path: Path, kind: str
) -> None:
    for tag in ("v1.9", "v1.10"):
        oci_layout.image(tag, annotations={"is": tag})
    stores = {
        "oci": f"oci:{oci_layout.directory}",
        "ocidir": f"ocidir://{oci_layout.directory}",
        "oci-archive": f"oci-archive:{tmp_path / 'a.tar'}",
        "docker-archive": f"docker-archive:{tmp_path / 'a.tar'}",
    }
    store = stores[kind]
    names = ["v1.9", "v1.10"]
    if kind.endswith("archive"):
        name = "v1.9" if kind == "oci-archive" else "docker.io/x/app:v1.9"
        assert cli("copy", f"oci:{oci_layout.directory}:v1.9", f"{store}:{name}").exit_code == 0
        names = [name]
    rows = cli("tag", "ls", store, "--details", "--format", "json").json()
    assert [row["name"] for row in rows] == names
    assert {tuple(row["platforms"]) for row in rows} == {("linux/amd64",)}
    reference = rows[0]["reference"]
    assert cli("digest", reference).stdout.split()[0] == rows[0]["digest"]
    assert cli("tag", "ls", store, "--platform", "linux/arm64", "-q").lines() == []
    if kind == "oci":
        sort = ("--sort", "version=desc", "-q")
        assert cli("tag", "ls", store, *sort).lines() == ["v1.10", "v1.9"]
        assert cli("tag", "ls", store, "--semver", ">=1.10", "-q").lines() == ["v1.10"]
        assert cli("tag", "ls", store, "--sort", "pushed").exit_code == 1
        assert cli("tag", "ls", f"{store}:v1.9").exit_code == 2
        assert cli("tag", "ls", f"oci:{tmp_path / 'none'}").exit_code == 3
