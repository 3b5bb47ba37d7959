"""`repo copy` and `repo rename`, on Docker Hub as the sandbox has it and on a real registry."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubcli.cli.repo import renaming
from support.docker_registry import DockerRegistry
from support.images import Image, Layout
from support.running import InProcess, Result, Subprocess, private_environ
from support.sandbox import SandboxServer
from support.skopeo import Skopeo

COLUMNS = ["ITEM", "NAME", "ACTION", "DIGEST", "PREVIOUS", "REASON"]
TAGS = ("v1.0.0", "v1.1.0", "v2.0.0", "latest")


@pytest.fixture
def alice(sandbox: SandboxServer, environ: dict[str, str], cli: InProcess) -> InProcess:
    """hubcli, signed in as alice."""
    environ.update(sandbox.signed_in)
    return cli


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """The images of `TAGS`: latest is v2.0.0, which is for two platforms."""
    layout = Layout(tmp_path_factory.mktemp("images"))
    made = {tag: layout.image(tag, layers=[{"x": tag.encode()}]) for tag in TAGS[:2]}
    both = layout.image("two", platforms=["linux/amd64", "linux/arm64/v8"])
    return {**made, "v2.0.0": both, "latest": both}


@pytest.fixture(scope="module")
def origin(
    shared_sandbox: SandboxServer,
    images: dict[str, Image],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A private repository of alice's with all that one can have; only to be read."""
    home = tmp_path_factory.mktemp("alice")
    environ = {**private_environ(home), **shared_sandbox.environ, **shared_sandbox.signed_in}
    alice, name = InProcess(environ, home), f"alice/origin-{secrets.token_hex(4)}"
    options = ("--description", "An app", "--readme", "-", "--category", "networking")
    assert alice("repo", "create", "--private", name, *options, stdin="# App\n").exit_code == 0
    lines = "".join(f"{images[tag].source} {name}:{tag}\n" for tag in TAGS)
    assert alice("push", "--from-file", "-", "-q", stdin=lines).exit_code == 0
    assert alice("repo", "edit", name, "--immutable-tags", "v.*", "-q").exit_code == 0
    yield name
    alice("repo", "rm", "--yes", "-q", name)


@pytest.fixture
def target(alice: InProcess, origin: str, sandbox: SandboxServer) -> Iterator[str]:
    """Where a repository could be."""
    name = f"alice/target-{secrets.token_hex(4)}"
    sandbox.forget()
    yield name
    sandbox.clear_faults()
    alice("repo", "rm", "--yes", "-q", name)


@pytest.fixture
def app(alice: InProcess, origin: str, sandbox: SandboxServer) -> Iterator[str]:
    """A repository as `origin` is, of the test's own."""
    name = f"alice/app-{secrets.token_hex(4)}"
    assert alice("repo", "copy", origin, name, "-q").exit_code == 0
    sandbox.forget()
    yield name
    sandbox.clear_faults()
    alice("repo", "rm", "--yes", "-q", name)


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> str:
    return docker_registry().host


def digests(cli: InProcess, repository: str) -> dict[str, str]:
    listed = cli("tag", "ls", repository, "--fields", "name,digest", "--format", "json")
    assert listed.exit_code == 0, listed.stderr
    return {row["name"]: row["digest"] for row in listed.json()}


def of(images: dict[str, Image]) -> dict[str, str]:
    return {tag: image.digest for tag, image in images.items()}


def rows(result: Result, item: str = "tag") -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [row for row in result.json() if row["item"] == item]


def inspected(cli: InProcess, repository: str) -> dict[str, Any]:
    found: dict[str, Any] = cli("repo", "inspect", repository, "--format", "json").json()
    told = ("visibility", "description", "readme", "categories", "immutable_tags")
    return {field: found[field] for field in told}


class TestCopy:
    def test_all_of_it_without_a_download(
        self,
        alice: InProcess,
        origin: str,
        target: str,
        images: dict[str, Image],
        sandbox: SandboxServer,
    ) -> None:
        result = alice("repo", "copy", origin, target, "--format", "json")
        assert {row["name"]: row["action"] for row in rows(result)} == dict.fromkeys(TAGS, "create")
        assert f"creates {target}: private, description, overview, categories" in result.stderr
        assert "4 to be copied" in result.stderr
        assert "copied 4 of 4 tags" in result.stderr
        blobs = [one for one in sandbox.requests("/blobs/") if one.method != "POST"]
        assert blobs == [], "mounted, neither read nor looked for"
        pulls = [one for one in sandbox.requests("GET") if f"{origin}/manifests/" in one.path]
        assert len(pulls) == 5, "each manifest once: three images, two of one index"
        assert digests(alice, target) == of(images)
        assert inspected(alice, target) == inspected(alice, origin)

    def test_again_it_does_nothing(
        self, alice: InProcess, origin: str, target: str, sandbox: SandboxServer
    ) -> None:
        assert alice("repo", "copy", origin, target, "-q").exit_code == 0
        sandbox.forget()
        again = alice("repo", "copy", origin, target, "--format", "json")
        assert {row["action"] for row in rows(again)} == {"keep"}
        assert len(rows(again)) == 4
        assert {one.method for one in sandbox.requests() if one.path != "/v2/auth/token"} == {"GET"}
        assert sandbox.requests("/manifests/") == []

    def test_by_rule_and_with_the_signatures_of_what_is_chosen(
        self, alice: InProcess, app: str, target: str, images: dict[str, Image]
    ) -> None:
        for tag in ("v1.0.0", "latest"):
            signature = f"{app}:{images[tag].digest.replace(':', '-')}.sig"
            assert alice("copy", images["v1.1.0"].source, signature, "-q").exit_code == 0
        choice = ("--semver", "^1", "--except", "*.1.*", "--tags-only", "--public")
        result = alice("repo", "copy", app, target, *choice, "--format", "json")
        assert [row["name"] for row in rows(result)] == ["v1.0.0"]
        assert sorted(digests(alice, target)) == [
            f"{images['v1.0.0'].digest.replace(':', '-')}.sig",
            "v1.0.0",
        ]
        assert inspected(alice, target)["visibility"] == "public"
        none = alice("repo", "copy", app, target, "--filter", "x*")
        assert (none.exit_code, "no tag is chosen" in none.stderr) == (3, True)

    def test_a_dry_run_changes_nothing(
        self, alice: InProcess, origin: str, target: str, sandbox: SandboxServer
    ) -> None:
        piped = alice("repo", "copy", origin, target, "--dry-run")
        actions = {tuple(line.split("\t")[:3]) for line in piped.lines()}
        assert actions >= {("tag", tag, "create") for tag in TAGS}
        assert actions >= {("readme", "", "create"), ("visibility", "", "create")}
        table = alice("repo", "copy", origin, target, "--dry-run", terminal=True, columns=200)
        assert [name for name in COLUMNS if name in table.lines()[0]] == COLUMNS
        changing = ("POST", "PUT", "PATCH", "DELETE")
        sent = [one for one in sandbox.requests() if one.method in changing]
        assert [one.path for one in sent if one.path != "/v2/auth/token"] == []
        assert alice("repo", "inspect", target).exit_code == 3

    def test_nothing_that_is_there_is_overwritten_unless_forced(
        self, alice: InProcess, origin: str, target: str, images: dict[str, Image]
    ) -> None:
        other = target
        assert alice("repo", "create", "--public", other, "--description", "Own").exit_code == 0
        assert alice("copy", images["v1.0.0"].source, f"{other}:latest", "-q").exit_code == 0
        result = alice("repo", "copy", origin, other)
        assert result.exit_code == 1
        assert f"{other} keeps its own visibility, description; --force" in result.stderr
        assert f"error: cannot write to {other}:latest: it is there already" in result.stderr
        assert "copied 3 of 4 tags" in result.stderr
        assert digests(alice, other)["latest"] == images["v1.0.0"].digest
        now = inspected(alice, other)
        assert (now["description"], now["readme"]) == ("Own", "# App\n")
        forced = alice("repo", "copy", origin, other, "--force")
        assert forced.exit_code == 0, forced.stderr
        assert digests(alice, other) == of(images)
        assert inspected(alice, other) == inspected(alice, origin)

    def test_to_another_registry_and_back(
        self,
        alice: InProcess,
        origin: str,
        target: str,
        images: dict[str, Image],
        registry: str,
        skopeo: Skopeo,
    ) -> None:
        """What it cannot hold is said in one line; the default visibility is for what comes."""
        there = f"{registry}/{origin}"
        result = alice("repo", "copy", origin, there)
        assert result.exit_code == 0, result.stderr
        assert (
            f"{registry} does not keep visibility, description, overview, categories, "
            "immutable tags: left out"
        ) in result.stderr
        assert sorted(skopeo.tags(there)) == sorted(TAGS)
        again = alice("repo", "copy", origin, there, "--format", "json")
        assert {row["action"] for row in rows(again)} == {"keep"}
        back = alice("repo", "copy", there, target, "--private")
        assert back.exit_code == 0, back.stderr
        assert digests(alice, target) == of(images)

    def test_a_failure_is_one_image_and_the_next_run_completes(
        self,
        alice: InProcess,
        origin: str,
        target: str,
        images: dict[str, Image],
        sandbox: SandboxServer,
    ) -> None:
        digest = images["v2.0.0"].digest
        sandbox.fault(f"PUT .*{target}/manifests/{digest}", status=400)
        result = alice("repo", "copy", origin, target)
        assert result.exit_code == 1
        assert "copied 2 of 4 tags" in result.stderr
        assert sorted(digests(alice, target)) == ["v1.0.0", "v1.1.0"]
        sandbox.clear_faults()
        assert alice("repo", "copy", origin, target).exit_code == 0
        assert digests(alice, target) == of(images)

    @pytest.mark.parametrize(
        ("words", "code", "reason"),
        [
            (("alice/x", "y"), 2, "hint: hubcli repo copy alice/x alice/y"),
            (("alice/x", "alice/x"), 2, "both are the same repository"),
            (("alice/x:v1", "alice/y"), 2, "without a tag"),
            (("alice/none", "alice/y"), 3, "cannot copy alice/none"),
            (("alice/a/b", "alice/y"), 2, "NAMESPACE/NAME"),
        ],
    )
    def test_what_cannot_be_meant(
        self, alice: InProcess, words: tuple[str, str], code: int, reason: str
    ) -> None:
        result = alice("repo", "copy", *words)
        assert (result.exit_code, reason in result.stderr) == (code, True), result.stderr


class TestRename:
    def test_all_of_it_and_the_old_one_is_gone(
        self, alice: InProcess, app: str, target: str, images: dict[str, Image], tmp_path: Path
    ) -> None:
        before = inspected(alice, app)
        assert alice("webhook", "create", app, "ci", "https://ci.example/x").exit_code == 0
        (tmp_path / "sbom.json").write_text("{}")
        signed = (f"{app}:v1.0.0", "sbom.json", "--type", "a/sbom")
        assert alice("referrer", "attach", *signed).exit_code == 0
        result = alice("repo", "rename", app, target, stdin=f"{app}\n", terminal=True)
        assert result.exit_code == 0, result.stderr
        assert "left behind: webhooks ci" in result.stderr
        assert f"{target} has all 4 tags of {app}" in result.stderr
        assert f"renamed {app} to {target}" in result.stderr
        assert alice("repo", "inspect", app).exit_code == 3
        assert digests(alice, target) == of(images)
        assert inspected(alice, target) == before
        referrers = alice("referrer", "ls", f"{target}:v1.0.0", "--fields", "artifact_type")
        assert referrers.lines() == ["a/sbom"]
        again = alice("repo", "rename", app, target, "--yes")
        assert again.exit_code == 3
        assert f"cannot rename {app}: it is not there any more, but {target} is" in again.stderr

    def test_it_asks_after_all_is_there(
        self,
        alice: InProcess,
        app: str,
        target: str,
        images: dict[str, Image],
        sandbox: SandboxServer,
    ) -> None:
        silent = alice("repo", "rename", app, target)
        assert (silent.exit_code, "--yes" in silent.stderr) == (2, True)
        assert sandbox.requests() == []
        refused = alice("repo", "rename", app, target, stdin="y\n", terminal=True)
        assert refused.exit_code == 1
        assert f"nothing was deleted: there are both {app} and {target}" in refused.stderr
        assert sandbox.requests("DELETE") == []
        assert digests(alice, app) == digests(alice, target) == of(images)
        done = alice("repo", "rename", app, target, "--yes", "--format", "json")
        assert done.json() == {
            "name": target, "previous": app, "tags": 4, "deleted": True, "left_behind": [],
        }  # fmt: skip

    def test_what_is_pushed_meanwhile_keeps_the_old_one(
        self, alice: InProcess, app: str, target: str, images: dict[str, Image],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        def pushed(*_: object) -> bool:
            assert alice("copy", images["v1.0.0"].source, f"{app}:new", "-q").exit_code == 0
            return True

        monkeypatch.setattr(renaming, "_is_wanted", pushed)
        result = alice("repo", "rename", app, target, terminal=True)
        assert result.exit_code == 1
        assert f"cannot delete {app}: new changed meanwhile; run it again" in result.stderr
        assert alice("repo", "rename", app, target, "--yes").exit_code == 0
        assert digests(alice, target) == {**of(images), "new": images["v1.0.0"].digest}

    def test_what_the_new_one_loses_meanwhile_keeps_the_old_one(
        self, alice: InProcess, app: str, target: str, images: dict[str, Image],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        def deleted(*_: object) -> bool:
            assert alice("tag", "rm", f"{target}:latest", "--yes").exit_code == 0
            return True

        monkeypatch.setattr(renaming, "_is_wanted", deleted)
        result = alice("repo", "rename", app, target, terminal=True)
        assert result.exit_code == 1
        assert f"cannot delete {app}: {target} lacks latest; run it again" in result.stderr
        assert digests(alice, app) == of(images)
        assert alice("repo", "rename", app, target, "--yes").exit_code == 0
        assert digests(alice, target) == of(images)

    @pytest.mark.parametrize(
        "fault", ["PUT .*target-[^/]*/manifests/v1.1.0", "GET .*target-[^/]*/manifests/v1.1.0"]
    )
    def test_nothing_is_deleted_unless_all_is_there(
        self, alice: InProcess, app: str, target: str, sandbox: SandboxServer, fault: str
    ) -> None:
        """Neither where a tag cannot be written, nor where it cannot be found."""
        sandbox.fault(fault, status=404 if fault.startswith("GET") else 400)
        if fault.startswith("GET"):
            sandbox.fault("HEAD .*target-[^/]*/manifests/v1.1.0", status=404)
        result = alice("repo", "rename", app, target, "--yes")
        assert result.exit_code == 1
        assert f"error: cannot delete {app}: " in result.stderr
        assert sandbox.requests("DELETE") == []
        sandbox.clear_faults()
        assert alice("repo", "rename", app, target, "--yes").exit_code == 0

    def test_a_place_that_is_taken(
        self,
        alice: InProcess,
        app: str,
        target: str,
        images: dict[str, Image],
        sandbox: SandboxServer,
    ) -> None:
        assert alice("repo", "create", "--private", target).exit_code == 0
        assert alice("copy", images["v1.0.0"].source, f"{target}:own", "-q").exit_code == 0
        sandbox.forget()
        result = alice("repo", "rename", app, target, "--yes")
        assert result.exit_code == 1
        assert f"with its own 1 tags that {app} does not have" in result.stderr
        assert f"hint: hubcli repo copy {app} {target}" in result.stderr
        changing = ("POST", "PUT", "PATCH", "DELETE")
        assert [one for one in sandbox.requests("/alice/") if one.method in changing] == []

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (("x", "alice/y"), "hubcli repo rename alice/x alice/y"),
            (("alice/x", "y"), "hubcli repo rename alice/x alice/y"),
            (("alice/x", "quay.io/a/x"), "hubcli repo copy alice/x quay.io/a/x"),
        ],
    )
    def test_what_cannot_be_meant(
        self, alice: InProcess, sandbox: SandboxServer, words: tuple[str, str], hint: str
    ) -> None:
        result = alice("repo", "rename", *words, "--yes")
        assert (result.exit_code, f"hint: {hint}\n" in result.stderr) == (2, True), result.stderr
        assert sandbox.requests() == []

    def test_a_registry_that_cannot_delete(self, cli: InProcess, registry: str) -> None:
        """It is said before anything is done, with what can be done."""
        result = cli("repo", "rename", f"{registry}/a/x", f"{registry}/a/y", "--yes")
        assert result.exit_code == 1
        assert f"cannot rename {registry}/a/x: {registry} cannot delete a repo" in result.stderr
        assert f"hint: hubcli repo copy {registry}/a/x {registry}/a/y" in result.stderr

    def test_killed_and_run_again(
        self, alice: InProcess, hubcli: Subprocess, app: str, target: str, images: dict[str, Image],
        sandbox: SandboxServer,
    ) -> None:  # fmt: skip
        sandbox.fault(f"PUT .*{target}/manifests/v", delay_seconds=20)
        process = hubcli.start("repo", "rename", app, target, "--yes")
        deadline = time.monotonic() + 20
        while not sandbox.requests(f"POST /v2/{target}/blobs/uploads"):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        sandbox.clear_faults()
        assert digests(alice, app) == of(images)
        result = alice("repo", "rename", app, target, "--yes")
        assert result.exit_code == 0, result.stderr
        assert digests(alice, target) == of(images)
        assert alice("repo", "inspect", app).exit_code == 3
