"""The same scenario over every registry: same nouns, same fields, same exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubcli.cli.repo.declared import DETAILS, REPOSITORY
from hubcli.cli.tag.declared import TAG
from hubcli.providers import ROWS, capabilities
from hubcli.providers.rows import BY_NAME
from hubcli.tags import TIMES
from support.images import Image, Layout
from support.providers.rows import STAND_INS
from support.providers.standin import Running
from support.providers.watching import Watch
from support.running import InProcess, Result

TRANSCRIPTS = Path(__file__).parent / "transcripts"


@pytest.fixture
def signed_in(cli: InProcess, registry: Running, environ: dict[str, str]) -> InProcess:
    if registry.api_identity:
        environ.update(registry.identity)
    done = login(cli, registry, registry.secret)
    assert done.exit_code == 0, done.stderr
    return cli


def login(cli: InProcess, registry: Running, secret: str) -> Result:
    arguments = ("--username", registry.username, "--password-stdin", "--store", "file")
    return cli("login", registry.host, *arguments, stdin=secret)


def can(registry: Running, command: str) -> bool:
    return command in capabilities(BY_NAME[registry.row].load())


def having(command: str) -> Iterator[str]:
    """The rows of which some class serves a command."""
    return (row.name for row in ROWS if command in capabilities(row.load()))


def pushed(cli: InProcess, registry: Running, image: Image, *tags: str) -> str:
    """A repository with these tags of one image; it is made first where pushing does not."""
    name = registry.named("app")
    if can(registry, "repo create"):
        created = cli("repo", "create", name)
        assert (created.exit_code, created.stdout) == (0, f"{name}\n"), created.stderr
    for tag in tags:
        done = cli("push", image.source, f"{name}:{tag}")
        assert done.exit_code == 0, done.stderr
    return name


def test_every_row_has_a_stand_in() -> None:
    assert list(STAND_INS) == [row.name for row in ROWS]


def test_sign_in(cli: InProcess, registry: Running) -> None:
    refused = login(cli, registry, "wrong")
    assert refused.exit_code == 4
    assert f"cannot sign in to {registry.host}" in refused.stderr
    assert login(cli, registry, registry.secret).exit_code == 0
    (row,) = cli("auth", "status", registry.host, "--check", "--format", "json").json()
    assert (row["username"], row["valid"]) == (registry.username, True)


@pytest.mark.parametrize("registry", [*having("sign-in")], indirect=True)
def test_the_identity_needs_no_login_and_comes_last(
    cli: InProcess, registry: Running, environ: dict[str, str], image: Image
) -> None:
    assert cli("auth", "status", registry.host).exit_code == 4
    environ.update(registry.identity)
    (row,) = cli("auth", "status", registry.host, "--check", "--format", "json").json()
    assert row["valid"] is True
    assert row["source"] not in {"", None}
    pushed(cli, registry, image, "v1")
    assert login(cli, registry, registry.secret).exit_code == 0
    (after,) = cli("auth", "status", registry.host, "--format", "json").json()
    assert after["source"] != row["source"]


def test_tags_are_listed_with_what_the_registry_knows(
    signed_in: InProcess, registry: Running, image: Image
) -> None:
    name = pushed(signed_in, registry, image, "v1", "v2")
    rows = signed_in("tag", "ls", name, "--format", "json", "--details").json()
    assert {row["name"] for row in rows} == {"v1", "v2"}
    for row in rows:
        assert list(row) == list(TAG.names)
        assert row["digest"] == image.digest
        assert (row["reference"], row["repository"]) == (f"{name}:{row['name']}", name)
        assert row["platforms"] == ["linux/amd64", "linux/arm64/v8"]
    kind = BY_NAME[registry.row].load()
    told = [field for field in kind.tag_fields if field not in kind.tag_gaps] if kind else []
    plain = signed_in("tag", "ls", name, "--format", "json").json()
    known = set(told) - registry.untold
    assert all(row[field] is not None for row in plain for field in known)
    assert sorted(signed_in("tag", "ls", name, "-q").lines()) == ["v1", "v2"]
    assert signed_in("tag", "ls", f"{name}:v1*", "-q").lines() == ["v1"]


def test_what_has_no_tag_is_listed_or_the_registry_says_that_it_does_not_tell(
    signed_in: InProcess, registry: Running, oci_layout: Layout
) -> None:
    tagged, plain = (oci_layout.image(tag, annotations={"is": tag}) for tag in ("one", "two"))
    name = pushed(signed_in, registry, tagged, "v1")
    content = plain.read(plain.digest).decode()
    put = signed_in("manifest", "put", f"{name}@{plain.digest}", "-", stdin=content)
    assert put.exit_code == 0, put.stderr
    done = signed_in("tag", "ls", name, "--untagged", "--format", "json")
    if not can(registry, "tag ls --untagged"):
        refused(done, f"hubcli tag ls {name} --aliases")
        return
    assert done.exit_code == 0, done.stderr
    (row,) = done.json()
    assert (row["name"], row["digest"]) == (None, plain.digest)
    assert row["reference"] == f"{name}@{plain.digest}"
    assert signed_in("tag", "ls", name, "--untagged", "-q").lines() == [plain.digest]
    detailed = signed_in("tag", "ls", name, "--untagged", "--details", "--format", "json").json()
    assert [one["platforms"] for one in detailed] == [["linux/amd64"]]
    none = signed_in("tag", "ls", name, "--untagged", "--platform", "windows/amd64", "-q")
    assert (none.exit_code, none.stdout) == (0, "")


def test_an_image_is_inspected_and_copied_out(
    signed_in: InProcess, registry: Running, image: Image, tmp_path: Path
) -> None:
    name = pushed(signed_in, registry, image, "v1")
    row = signed_in("tag", "inspect", f"{name}:v1", "--format", "json").json()
    assert (row["digest"], row["reference"]) == (image.digest, f"{name}:v1")
    out = signed_in("copy", f"{name}:v1", f"oci:{tmp_path / 'out'}:v1", "--format", "json")
    assert out.exit_code == 0, out.stderr
    assert signed_in("digest", f"oci:{tmp_path / 'out'}:v1").stdout.split()[0] == image.digest


def test_a_tag_goes_alone(signed_in: InProcess, registry: Running, image: Image) -> None:
    name = pushed(signed_in, registry, image, "v1", "v2")
    done = signed_in("tag", "rm", f"{name}:v1", "--yes")
    assert done.exit_code == 0, done.stderr
    assert signed_in("tag", "ls", name, "-q").lines() == ["v2"]
    assert signed_in("digest", f"{name}:v2").stdout.split()[0] == image.digest
    assert signed_in("tag", "rm", f"{name}:v1", "--yes").exit_code == 3


def test_what_rules_let_go_comes_back(
    signed_in: InProcess, registry: Running, image: Image, oci_layout: Layout, tmp_path: Path
) -> None:
    name = pushed(signed_in, registry, image, "pr-1", "pr-2")
    other = oci_layout.image("other", config={"User": "x"})
    assert signed_in("push", other.source, f"{name}:v1").exit_code == 0
    undo = tmp_path / "undo.jsonl"
    command = ("tag", "prune", name, "--filter", "pr-*", "--older-than", "1d")
    young = signed_in(*command, "--dry-run", "--format", "json")
    # Who tells when a tag was pushed says: a moment ago; else the image's age counts.
    told = {*TIMES} & {*_told(registry)} - registry.untold
    assert {row["rule"] for row in young.json()} == {"selection", "older-than"}, young.stderr
    assert any(row["action"] == "delete" for row in young.json()) is not bool(told)

    done = signed_in("tag", "prune", name, "--filter", "pr-*", "--undo-file", undo, "--yes")
    assert done.exit_code == 0, done.stderr
    assert signed_in("tag", "ls", name, "-q").lines() == ["v1"]
    assert signed_in("digest", f"{name}:v1").stdout.split()[0] == other.digest
    back = signed_in("tag", "restore", undo)
    assert back.exit_code == 0, back.stderr
    assert sorted(signed_in("tag", "ls", name, "-q").lines()) == ["pr-1", "pr-2", "v1"]
    for tag in ("pr-1", "pr-2"):
        assert signed_in("digest", f"{name}:{tag}").stdout.split()[0] == image.digest


def _told(registry: Running) -> tuple[str, ...]:
    kind = BY_NAME[registry.row].load()
    return kind.tag_fields if kind else ()


def test_a_manifest_goes_with_its_tags(
    signed_in: InProcess, registry: Running, image: Image, oci_layout: Layout
) -> None:
    """Who needs it is said before; what is not needed for it stays."""
    name = pushed(signed_in, registry, image, "v1", "v2")
    other = oci_layout.image("other", platforms=["linux/s390x"])
    assert signed_in("push", other.source, f"{name}:other").exit_code == 0
    wanted = f"{name}@{image.digest}"
    (planned,) = signed_in("manifest", "rm", wanted, "--dry-run", "--format", "json").json()
    assert planned["tags"] == ["v1", "v2"]
    done = signed_in("manifest", "rm", wanted, "--yes")
    assert done.exit_code == 0, done.stderr
    assert signed_in("tag", "ls", name, "-q").lines() == ["other"]
    assert signed_in("manifest", "rm", wanted, "--yes").exit_code == 3


def test_a_tag_comes_back_or_the_registry_says_that_it_does_not(
    signed_in: InProcess, registry: Running, image: Image
) -> None:
    name = pushed(signed_in, registry, image, "v1")
    pushed_second = signed_in("tag", "cp", f"{name}:v1", "keep")
    assert pushed_second.exit_code == 0
    if not can(registry, "tag undelete"):
        refused = signed_in("tag", "undelete", f"{name}:v1")
        assert refused.exit_code == 1
        assert "(UNSUPPORTED)" in refused.stderr
        return
    assert signed_in("tag", "rm", f"{name}:v1", f"{name}:keep", "--yes").exit_code == 0
    done = signed_in("tag", "undelete", f"{name}:keep", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert done.json()["digest"] == image.digest
    assert "keep" in signed_in("tag", "ls", name, "-q").lines()


def test_repositories(signed_in: InProcess, registry: Running, image: Image) -> None:
    name = pushed(signed_in, registry, image, "v1")
    place = name.rpartition("/")[0]
    listed = signed_in("repo", "ls", place, "--format", "json")
    assert listed.exit_code == 0, listed.stderr
    rows = [row for row in listed.json() if row["name"] == name]
    assert [list(row) for row in rows] == [list(REPOSITORY.names)]
    kind = BY_NAME[registry.row].load()
    told = kind.repository_fields - kind.repository_gaps if kind else frozenset()
    required = {"visibility", "created", "updated", "size"} & told
    assert all(rows[0][field] is not None for field in required)
    inspected = signed_in("repo", "inspect", name, "--format", "json")
    if can(registry, "repo inspect"):
        assert list(inspected.json()) == list(DETAILS.names)
        assert inspected.json()["name"] == name
    else:
        refused(inspected, f"hubcli tag ls {name}")
    gone = signed_in("repo", "rm", name, "--yes")
    if not can(registry, "repo rm"):
        pattern = signed_in("repo", "rm", f"{place}/*", "--yes")
        refused(pattern, None)
        assert f"cannot delete {place}/*: " in pattern.stderr
    if can(registry, "repo rm"):
        assert gone.exit_code == 0, gone.stderr
        assert name not in signed_in("repo", "ls", place, "-q").lines()
    else:
        refused(gone, None)


def refused(done: Result, hint: str | None) -> None:
    """It was refused in one line that names what can be done instead."""
    assert (done.exit_code, done.stdout) == (1, "")
    told = json.loads(done.stderr) if done.stderr.startswith("{") else None
    assert "(UNSUPPORTED)" in done.stderr.splitlines()[0]
    if hint is not None:
        assert told["hint"] == hint if told else f"hint: {hint}\n" in done.stderr


def test_what_cannot_be_made_says_how_it_is_made(signed_in: InProcess, registry: Running) -> None:
    name = registry.named("fresh")
    done = signed_in("repo", "create", name)
    if can(registry, "repo create"):
        assert (done.exit_code, done.stdout) == (0, f"{name}\n"), done.stderr
        assert signed_in("repo", "create", name).exit_code == 1
        assert signed_in("repo", "create", name, "--option", "no-such=1").exit_code == 2
    else:
        refused(done, None)
        assert "hint: " in done.stderr


def test_what_is_not_there(signed_in: InProcess, registry: Running) -> None:
    name = registry.named("missing")
    for command in (
        ("tag", "ls", name),
        ("tag", "inspect", f"{name}:v1"),
        ("digest", f"{name}:v1"),
    ):
        done = signed_in(*command)
        assert done.exit_code == 3, done.stderr
    if can(registry, "repo inspect"):
        assert signed_in("repo", "inspect", name).exit_code == 3
    if can(registry, "repo rm"):
        assert signed_in("repo", "rm", name, "--yes").exit_code == 3


def test_too_many_requests(signed_in: InProcess, registry: Running, image: Image) -> None:
    name = pushed(signed_in, registry, image, "v1")
    assert registry.throttle is not None
    registry.throttle(True)
    done = signed_in("tag", "ls", name, "--format", "json")
    assert done.exit_code == 5, done.stderr
    assert "come back at 20" in done.stderr or not registry.tells_when
    registry.throttle(False)
    assert signed_in("tag", "ls", name).exit_code == 0


def test_search_or_what_to_do_instead(
    signed_in: InProcess, registry: Running, image: Image
) -> None:
    name = pushed(signed_in, registry, image, "v1")
    path = name.partition("/")[2]
    done = signed_in("search", f"{registry.host}/{path}", "--format", "json")
    if can(registry, "search"):
        assert done.exit_code == 0, done.stderr
        assert name in [row["name"] for row in done.json()]
    else:
        kind = BY_NAME[registry.row].load()
        own = kind is not None and "search" in kind.refusals
        refused(done, None if own else f"hubcli repo ls {registry.host} --filter '*{path}*'")


def test_it_is_recognised_and_says_why(signed_in: InProcess, registry: Running) -> None:
    row = signed_in("registry", "ping", registry.host, "--format", "json").json()
    assert row["provider"] == registry.row
    by_name = BY_NAME[registry.row].is_at(registry.host)
    assert row["recognised_by"] == ("its host name" if by_name else "the configuration")


def test_the_transcript_is_what_the_contract_allows(
    signed_in: InProcess, registry: Running, image: Image, environ: dict[str, str]
) -> None:
    """Every call of the API, in order: `transcripts/` has them as the API's documents name them.

    Of registries that have none, those of `/v2/`.
    """
    config = Path(environ["HUBCLI_CONFIG"])
    config.write_text(f"[defaults]\nconcurrency = 1\n{config.read_text()}")
    name = pushed(signed_in, registry, image, "v1", "v2")
    before = len(registry.transcript())
    signed_in("tag", "ls", name)
    signed_in("repo", "ls", name.rpartition("/")[0])
    signed_in("repo", "inspect", name)
    signed_in("search", name)
    signed_in("tag", "rm", f"{name}:v1", "--yes")
    signed_in("tag", "undelete", f"{name}:v1")
    signed_in("repo", "rm", name, "--yes")
    assert registry.faults() == []
    expected = (TRANSCRIPTS / f"{registry.row}.txt").read_text(encoding="utf-8").splitlines()
    assert list(registry.transcript()[before:]) == expected


def test_no_secret_of_one_registry_goes_to_another(
    cli: InProcess,
    serve: object,
    watch: Watch,
    environ: dict[str, str],
    image: Image,
) -> None:
    assert callable(serve)
    registries: tuple[Running, ...] = serve(*STAND_INS)
    watch.guard(registries)
    for registry in registries:
        environ.update(registry.identity)
        assert login(cli, registry, registry.secret).exit_code == 0
    # Each is copied from once, and to once: all pairs would be a hundred runs that do the same.
    for registry, other in zip(registries, (*registries[1:], registries[0]), strict=True):
        name = pushed(cli, registry, image, "v1")
        cli("repo", "ls", registry.host)
        cli("tag", "ls", name)
        cli("repo", "inspect", name)
        cli("copy", f"{name}:v1", f"{other.named('copied')}:{registry.row}")
    assert watch.seen > 20 * len(registries)
    assert watch.seen_of_packages > len(registries)
    assert watch.leaks == []


@pytest.mark.parametrize("registry", [*having("repo rm")], indirect=True)
def test_a_repository_gets_another_name(
    signed_in: InProcess, registry: Running, image: Image
) -> None:
    """Made, unless a push does that; copied without a download, verified; then one is left."""
    name = pushed(signed_in, registry, image, "v1", "latest")
    done = signed_in("repo", "rename", name, f"{name}-2", "--yes")
    assert done.exit_code == 0, done.stderr
    assert f"{name}-2 has all 2 tags of {name}" in done.stderr
    assert sorted(signed_in("tag", "ls", f"{name}-2", "-q").lines()) == ["latest", "v1"]
    assert signed_in("digest", f"{name}-2:v1").lines() == [image.digest]
    assert name not in signed_in("repo", "ls", name.rpartition("/")[0], "-q").lines()
