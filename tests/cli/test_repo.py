"""`hubcli repo` against the sandbox, and (to list) against a real registry."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.docker_registry import DockerRegistry
from support.hub_client import HubClient
from support.images import Image
from support.running import InProcess
from support.sandbox import SandboxServer
from support.skopeo import Skopeo

FIELDS = [
    "name",
    "visibility",
    "description",
    "stars",
    "pulls",
    "updated",
    "namespace",
    "registry",
    "created",
    "pushed",
    "size",
    "categories",
    "immutable_tags",
    "archived",
    "permissions",
    "tag_count",
]
ORGANIZATION_TOKEN = [
    {"type": "TYPE_ORG", "path": "acme",
     "scopes": ["scope-repository-create", "scope-repository-list"]},
    {"type": "TYPE_REPO", "path": "acme/*",
     "scopes": ["scope-repository-admin", "scope-image-delete"]},
]  # fmt: skip


@pytest.fixture
def alice(sandbox: SandboxServer, environ: dict[str, str], cli: InProcess) -> InProcess:
    """hubcli, signed in as alice."""
    environ.update(sandbox.signed_in)
    return cli


@pytest.fixture
def plain(docker_registry: Callable[..., DockerRegistry]) -> str:
    """The host of a registry without an API of its own."""
    return docker_registry("open").host


@pytest.fixture
def mine(alice: InProcess, sandbox: SandboxServer) -> Iterator[str]:
    """A repository of alice's own; the requests that made it are forgotten."""
    name = f"alice/t-{secrets.token_hex(4)}"
    assert alice("repo", "create", "--public", name, "--description", "Mine").exit_code == 0
    sandbox.forget()
    yield name
    alice("repo", "rm", "--yes", name)


def sent(sandbox: SandboxServer) -> list[str]:
    """What was asked of the Hub API, without the login."""
    return [str(one) for one in sandbox.requests() if one.path != "/v2/auth/token"]


class TestLs:
    def test_ones_own_repositories_are_the_default(self, alice: InProcess) -> None:
        names = alice("repo", "ls", "-q").lines()
        assert {"alice/notes", "alice/webapp"} <= set(names)
        assert all(name.startswith("alice/") for name in names)

    def test_another_default_can_be_configured(self, alice: InProcess) -> None:
        assert alice("config", "set", "defaults.namespace", "acme").exit_code == 0
        assert {"acme/api", "acme/internal"} <= set(alice("repo", "ls", "-q").lines())

    def test_the_fields_of_json_are_those_of_the_contract(self, alice: InProcess) -> None:
        rows = alice("repo", "ls", "acme", "--filter", "api", "--format", "json").json()
        assert [list(row) for row in rows] == [FIELDS]
        assert rows[0]["name"] == "acme/api"
        assert rows[0]["visibility"] == "public"
        assert rows[0]["registry"] == "docker.io"

    def test_strangers_see_what_is_public(self, sandbox: SandboxServer, cli: InProcess) -> None:
        names = cli("repo", "ls", "acme", "-q").lines()
        assert "acme/api" in names
        assert "acme/internal" not in names

    def test_nobody_has_no_own_repositories(self, sandbox: SandboxServer, cli: InProcess) -> None:
        done = cli("repo", "ls")
        assert done.exit_code == 4
        assert "nobody is signed in to Docker Hub (UNAUTHORIZED)\n" in done.stderr
        assert done.stderr.endswith("hint: hubcli login\n")
        assert sent(sandbox) == []

    def test_visibility_and_patterns_choose(self, alice: InProcess) -> None:
        private = alice("repo", "ls", "--private", "-q").lines()
        assert "alice/notes" in private
        assert "alice/webapp" not in private
        assert alice("repo", "ls", "--public", "--filter", "web*", "-q").lines() == ["alice/webapp"]
        assert alice("repo", "ls", "--filter", "a*/n?tes", "-q").lines() == ["alice/notes"]
        assert alice("repo", "ls", "--filter", "b*/n?tes", "-q").lines() == []
        assert alice("repo", "ls", "--filter", "alice", "-q").lines() == []

    def test_a_pattern_is_narrowed_down_by_the_server(
        self, alice: InProcess, sandbox: SandboxServer
    ) -> None:
        alice("repo", "ls", "--filter", "*app*")
        assert "name=app" in sandbox.requests("/v2/namespaces")[0].query

    @pytest.mark.parametrize("field", ["name", "updated", "pulls", "stars", "size"])
    def test_the_list_is_sorted_here(
        self, sandbox: SandboxServer, cli: InProcess, field: str
    ) -> None:
        rows = cli("repo", "ls", "library", "--sort", field, "--format", "json").json()
        values = [row[field] for row in rows if row[field] is not None]
        assert len(values) > 50
        assert values == sorted(values, reverse=field != "name")
        upwards = cli("repo", "ls", "library", "--sort", f"{field}=asc", "--format", "json").json()
        assert [row[field] for row in upwards if row[field] is not None] == sorted(values)

    def test_a_limit_costs_a_small_page(self, sandbox: SandboxServer, cli: InProcess) -> None:
        shown = cli("repo", "ls", "library", "--limit", "5", terminal=True, columns=200)
        assert len(shown.lines()) == 6
        assert shown.stderr.startswith("5 of ")
        assert [one.query for one in sandbox.requests()] == ["page=1&page_size=5&ordering=name"]
        assert cli("repo", "ls", "library", "--limit", "5").stderr == ""

    def test_a_sorted_list_is_cut_after_sorting(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        everything = cli("repo", "ls", "library", "--sort", "stars", "-q").lines()
        assert (
            cli("repo", "ls", "library", "--sort", "stars", "--limit", "2", "-q").lines()
            == (everything[:2])
        )

    def test_an_unknown_namespace_is_not_found(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        done = cli("repo", "ls", "no-such-namespace", "--format", "json")
        assert (done.exit_code, done.stdout) == (3, "")

    def test_a_ready_token_is_asked_whose_it_is(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        with HubClient(sandbox.url) as client:
            token = client.session("alice")
        assert "alice/notes" in cli("repo", "ls", "-q", env={"HUBCLI_TOKEN": token}).lines()
        assert "GET /v2/user/" in sent(sandbox)

    def test_names_of_accounts_are_in_lower_case(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        assert "acme/api" in cli("repo", "ls", "Acme", "-q").lines()

    @pytest.mark.parametrize(
        "arguments", [["--sort", "color"], ["--sort", "name=up"], ["A B"], ["acme/api"]]
    )
    def test_wrong_arguments_cost_no_request(
        self, alice: InProcess, sandbox: SandboxServer, arguments: list[str]
    ) -> None:
        assert alice("repo", "ls", *arguments).exit_code == 2
        assert sandbox.requests() == []


class TestLsElsewhere:
    @pytest.fixture
    def registry(
        self, new_docker_registry: Callable[..., DockerRegistry], skopeo: Skopeo, image: Image
    ) -> DockerRegistry:
        registry = new_docker_registry()
        for path in ("team/api", "team/web", "tools"):
            skopeo.copy(image.source, f"docker://{registry.host}/{path}:v1")
        return registry

    def test_the_catalog_of_a_registry(self, registry: DockerRegistry, cli: InProcess) -> None:
        host = registry.host
        rows = cli("repo", "ls", host, "--format", "json").json()
        assert [(row["name"], row["namespace"], row["registry"]) for row in rows] == [
            (f"{host}/team/api", "team", host),
            (f"{host}/team/web", "team", host),
            (f"{host}/tools", None, host),
        ]
        assert cli("repo", "ls", f"{host}/team", "--filter", "w*", "-q").lines() == [
            f"{host}/team/web"
        ]
        assert cli("repo", "ls", host, "--filter", "team/*", "--limit", "1", "-q").lines() == [
            f"{host}/team/api"
        ]
        assert cli("repo", "ls", host, "--sort", "name=desc", "-q").lines()[0] == f"{host}/tools"

    @pytest.mark.parametrize("arguments", [["--private"], ["--sort", "pulls"]])
    def test_what_a_registry_does_not_tell(
        self, cli: InProcess, plain: str, arguments: list[str]
    ) -> None:
        done = cli("repo", "ls", plain, *arguments)
        assert done.exit_code == 1
        assert f"{plain} does not tell" in done.stderr
        assert "(UNSUPPORTED)" in done.stderr


class TestCreate:
    def test_a_bare_name_is_ones_own(self, alice: InProcess, sandbox: SandboxServer) -> None:
        name = f"t-{secrets.token_hex(4)}"
        done = alice("repo", "create", "--private", name)
        assert (done.exit_code, done.stdout, done.stderr) == (0, f"alice/{name}\n", "")
        assert sent(sandbox) == ["POST /v2/namespaces/alice/repositories"]
        row = alice("repo", "inspect", f"alice/{name}", "--format", "json").json()
        assert row["visibility"] == "private"

    def test_everything_can_be_said_at_once(self, alice: InProcess, tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("# Hällo\n")
        name = f"acme/t-{secrets.token_hex(4)}"
        done = alice(
            "repo", "create", name, "--public", "--description", "A test", "--readme", "README.md",
            "--category", "Web servers", "--category", "security", "--format", "json",
        )  # fmt: skip
        row = done.json()
        assert row["name"] == name
        assert row["description"] == "A test"
        assert row["readme"] == "# Hällo\n"
        assert row["categories"] == ["web-servers", "security"]
        assert list(row) == [*FIELDS, "readme"]

    def test_the_default_visibility_is_the_accounts(
        self, sandbox: SandboxServer, cli: InProcess, environ: dict[str, str]
    ) -> None:
        environ |= {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": sandbox.password}
        name = f"alice/t-{secrets.token_hex(4)}"
        done = cli("repo", "create", name)
        assert done.stdout == f"{name}\n"
        assert done.stderr == (
            f"{name} is public, the default of alice; --private or --public decides\n"
        )

    def test_a_default_that_hub_does_not_tell_is_public(
        self, alice: InProcess, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("registry-settings", status=404)
        name = f"alice/t-{secrets.token_hex(4)}"
        done = alice("repo", "create", name)
        assert done.exit_code == 0
        assert "is public, since Docker Hub tells no default of alice" in done.stderr
        row = alice("repo", "inspect", name, "--format", "json").json()
        assert row["visibility"] == "public"

    def test_what_exists_is_a_conflict(self, alice: InProcess, mine: str) -> None:
        done = alice("repo", "create", "--private", mine)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "already exists" in done.stderr
        assert "(CONFLICT)" in done.stderr
        content = alice("repo", "create", "--private", mine, "--exist-ok")
        assert (content.exit_code, content.stdout) == (0, f"{mine}\n")
        assert content.stderr == f"{mine} exists already: nothing was changed\n"
        row = alice("repo", "inspect", mine, "--format", "json").json()
        assert row["visibility"] == "public"

    def test_the_limit_of_private_repositories_is_explained(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        env = {"HUBCLI_USERNAME": "carol", "HUBCLI_PASSWORD": sandbox.password}
        done = cli("repo", "create", "carol/second", env=env)
        assert done.exit_code == 4
        assert "the plan of carol has no private repository left" in done.stderr
        assert "--public" in done.stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--description", "é" * 51],
            ["--readme", "long.md"],
            ["--readme", "latin.md"],
            ["--readme", "missing.md"],
            ["--readme", "."],
        ],
    )
    def test_texts_are_checked_before_anything_is_sent(
        self, alice: InProcess, sandbox: SandboxServer, tmp_path: Path, arguments: list[str]
    ) -> None:
        (tmp_path / "long.md").write_text("é" * 12_501)
        (tmp_path / "latin.md").write_bytes(b"\xe9")
        assert alice("repo", "create", "alice/never", "--public", *arguments).exit_code == 2
        assert sandbox.requests() == []

    def test_an_unknown_category_is_refused_before_it_is_created(
        self, alice: InProcess, sandbox: SandboxServer
    ) -> None:
        done = alice("repo", "create", "alice/never", "--public", "--category", "web-server")
        assert done.exit_code == 2
        assert "web-servers" in done.stderr
        assert sent(sandbox) == ["GET /v2/categories/"]

    def test_other_registries_create_on_push(self, cli: InProcess, plain: str) -> None:
        done = cli("repo", "create", f"{plain}/me/app")
        assert done.exit_code == 1
        assert f"{plain} creates a repository when something is pushed to it" in done.stderr
        assert "hint: hubcli push" in done.stderr

    def test_a_weak_token_is_told_what_is_needed(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        _, secret = sandbox.parts.accounts.add_token("alice", "weak", ["repo:write"])
        env = {"HUBCLI_USERNAME": "alice", "HUBCLI_PASSWORD": secret}
        done = cli("repo", "create", "alice/never", "--public", env=env)
        assert done.exit_code == 4
        assert "repo:admin" in done.stderr

    def test_an_organization_token_creates_lists_and_deletes(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        _, secret = sandbox.parts.accounts.add_token("acme", "ci", ORGANIZATION_TOKEN, kind="oat")
        env = {"HUBCLI_USERNAME": "acme", "HUBCLI_PASSWORD": secret}
        name = f"t-{secrets.token_hex(4)}"
        assert cli("repo", "create", "--private", name, env=env).stdout == f"acme/{name}\n"
        assert f"acme/{name}" in cli("repo", "ls", "-q", env=env).lines()
        edited = cli("repo", "edit", f"acme/{name}", "--description", "By a token", env=env)
        assert edited.exit_code == 0
        assert cli("repo", "rm", "--yes", f"acme/{name}", env=env).exit_code == 0
        assert cli("repo", "inspect", f"acme/{name}", env=env).exit_code == 3


class TestInspect:
    def test_one_is_an_object_several_are_an_array(self, alice: InProcess) -> None:
        one = alice("repo", "inspect", "hello-world", "--format", "json").json()
        assert one["name"] == "library/hello-world"
        assert one["readme"].startswith("# hello-world\n")
        assert list(one) == [*FIELDS, "readme"]
        several = alice("repo", "inspect", "acme/api", "hello-world", "--format", "json").json()
        assert [row["name"] for row in several] == ["acme/api", "library/hello-world"]
        assert several[0]["permissions"] == ["read", "write", "admin"]

    def test_a_failed_one_does_not_stop_the_others(self, alice: InProcess) -> None:
        done = alice("repo", "inspect", "acme/nothing", "acme/api", "--format", "json")
        assert done.exit_code == 3
        assert [row["name"] for row in done.json()] == ["acme/api"]
        assert '"reference":"acme/nothing"' in done.stderr

    def test_what_one_may_not_see_is_not_there(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        done = cli("repo", "inspect", "alice/notes")
        assert done.exit_code == 3
        assert done.stderr == (
            "error: cannot inspect alice/notes: it does not exist, or is private and not shown"
            " to you (NOT_FOUND)\nhint: hubcli repo ls alice\n"
        )

    def test_a_terminal_gets_a_card(self, sandbox: SandboxServer, cli: InProcess) -> None:
        shown = cli("repo", "inspect", "hello-world", terminal=True)
        assert "library/hello-world" in shown.lines()[0]
        assert "2417" in shown.stdout

    @pytest.mark.parametrize("verb", ["inspect", "readme"])
    def test_other_registries_know_only_tags(self, cli: InProcess, plain: str, verb: str) -> None:
        done = cli("repo", verb, f"{plain}/a/b")
        assert done.exit_code == 1
        assert f"hint: hubcli tag ls {plain}/a/b\n" in done.stderr

    @pytest.mark.parametrize("name", ["a/b/c", "a/b:tag", "UPPER", ""])
    def test_a_name_that_cannot_be_is_refused(
        self, sandbox: SandboxServer, cli: InProcess, name: str
    ) -> None:
        assert cli("repo", "inspect", name).exit_code == 2
        assert sandbox.requests() == []


class TestReadme:
    def test_a_pipe_gets_it_raw(self, sandbox: SandboxServer, cli: InProcess) -> None:
        done = cli("repo", "readme", "hello-world")
        assert done.stdout == "# hello-world\n\nPrints a greeting and ends. Start here.\n"

    def test_a_terminal_gets_it_rendered(self, sandbox: SandboxServer, cli: InProcess) -> None:
        shown = cli("repo", "readme", "hello-world", terminal=True)
        assert "# hello-world" not in shown.stdout
        assert "Prints a greeting" in shown.stdout

    def test_hostile_text_does_nothing_to_a_terminal(
        self, sandbox: SandboxServer, cli: InProcess
    ) -> None:
        shown = cli("repo", "readme", "xyloph/terminal-art", terminal=True)
        assert "\x1b[31m" not in shown.stdout
        assert "\x07" not in shown.stdout

    def test_none_is_said(self, alice: InProcess, mine: str) -> None:
        done = alice("repo", "readme", mine)
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == f"{mine} has no overview\n"


class TestEdit:
    def test_only_what_was_named_changes(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        before = alice("repo", "inspect", mine, "--format", "json").json()
        sandbox.forget()
        done = alice("repo", "edit", mine, "--readme", "-", stdin="# New\n")
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == f"readme: (none) -> # New\\n\nchanged {mine}: readme\n"
        assert sandbox.requests("PATCH")[0].body == {"full_description": "# New\n"}
        assert len(sandbox.requests("PATCH")) == 1
        after = alice("repo", "inspect", mine, "--format", "json").json()
        assert after["readme"] == "# New\n"
        assert {**after, "readme": "", "updated": before["updated"]} == before

    def test_everything_can_be_changed_at_once(self, alice: InProcess, mine: str) -> None:
        row = alice(
            "repo", "edit", mine, "--private", "--yes", "--description", "", "--category",
            "security", "--immutable-tags", "v.*", "--immutable-tags", ".*-RELEASE",
            "--format", "json",
        ).json()  # fmt: skip
        assert row["visibility"] == "private"
        assert row["description"] is None
        assert row["categories"] == ["security"]
        assert row["immutable_tags"] == ["v.*", ".*-RELEASE"]
        cleared = alice(
            "repo", "edit", mine, "--no-immutable-tags", "--no-categories", "--format", "json"
        ).json()
        assert (cleared["immutable_tags"], cleared["categories"]) == ([], [])

    def test_a_change_of_visibility_asks(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        silent = alice("repo", "edit", mine, "--private", "--description", "x")
        assert silent.exit_code == 2
        assert "--yes" in silent.stderr
        refused = alice("repo", "edit", mine, "--private", stdin="n\n", terminal=True)
        assert refused.exit_code == 1
        assert "nothing was changed" in refused.stderr
        assert not [one for one in sandbox.requests() if one.method in {"POST", "PATCH"}]
        agreed = alice("repo", "edit", mine, "--private", stdin="y\n", terminal=True)
        assert agreed.exit_code == 0
        assert f"Make {mine} private" in agreed.stderr

    def test_what_is_so_already_needs_neither_question_nor_call(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        done = alice("repo", "edit", mine, "--public", "--description", "Mine")
        assert (done.exit_code, done.stderr) == (0, f"{mine} is like that already\n")
        assert not [one for one in sandbox.requests() if one.method in {"POST", "PATCH"}]

    def test_a_dry_run_shows_the_plan(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        done = alice("repo", "edit", mine, "--private", "--description", "\x1b", "--dry-run")
        assert done.lines() == ["visibility: public -> private", "description: Mine -> \\x1b"]
        assert not [one for one in sandbox.requests() if one.method in {"POST", "PATCH"}]

    def test_quiet_is_quiet(self, alice: InProcess, mine: str) -> None:
        done = alice("repo", "edit", mine, "--description", "x", "-q")
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")

    def test_what_hub_did_not_keep_is_said(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("PATCH .*/categories/", status=200, body=[])
        done = alice("repo", "edit", mine, "--category", "security")
        assert f"warning: Docker Hub still shows other categories of {mine}\n" in done.stderr

    def test_a_bare_name_is_refused(self, alice: InProcess, sandbox: SandboxServer) -> None:
        done = alice("repo", "edit", "webapp", "--public")
        assert done.exit_code == 2
        assert done.stderr.endswith("hint: hubcli repo edit alice/webapp\n")
        assert sandbox.requests() == []

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--category", "security", "--no-categories"],
            ["--immutable-tags", "v.*", "--no-immutable-tags"],
            ["--description", "é" * 51],
        ],
    )
    def test_wrong_arguments_cost_no_request(
        self, alice: InProcess, sandbox: SandboxServer, arguments: list[str]
    ) -> None:
        assert alice("repo", "edit", "alice/webapp", *arguments).exit_code == 2
        assert sandbox.requests() == []

    def test_archiving_is_for_the_web_page(self, alice: InProcess, sandbox: SandboxServer) -> None:
        done = alice("repo", "edit", "alice/webapp", "--archive", "--description", "x")
        assert done.exit_code == 1
        assert "cannot archive alice/webapp" in done.stderr
        assert "(UNSUPPORTED)" in done.stderr
        assert sandbox.requests() == []

    def test_what_is_not_ones_own_is_denied(self, alice: InProcess) -> None:
        done = alice("repo", "edit", "bob/tools", "--description", "mine now")
        assert done.exit_code == 4
        assert done.stderr.startswith("error: cannot edit bob/tools: ")


class TestRm:
    def test_the_plan_is_shown_and_nothing_done(
        self, alice: InProcess, mine: str, sandbox: SandboxServer
    ) -> None:
        done = alice("repo", "rm", mine, "--dry-run", "-q")
        assert (done.exit_code, done.lines()) == (0, [mine])
        assert sandbox.requests("DELETE") == []

    def test_it_asks(self, alice: InProcess, mine: str, sandbox: SandboxServer) -> None:
        silent = alice("repo", "rm", mine)
        assert silent.exit_code == 2
        assert "--yes" in silent.stderr
        wrong = alice("repo", "rm", mine, stdin="yes\n", terminal=True)
        assert wrong.exit_code == 1
        assert "nothing was deleted" in wrong.stderr
        assert sandbox.requests("DELETE") == []
        right = alice("repo", "rm", mine, stdin=f"{mine}\n", terminal=True)
        assert right.exit_code == 0
        assert f"deleted {mine}" in right.stderr
        assert alice("repo", "inspect", mine).exit_code == 3

    def test_a_pattern_means_those_that_match(
        self, alice: InProcess, sandbox: SandboxServer
    ) -> None:
        stem = f"t-{secrets.token_hex(3)}"
        names = [f"alice/{stem}-{number}" for number in range(3)]
        for name in [*names, f"alice/x{stem}-9"]:
            alice("repo", "create", "--public", name)
        planned = alice("repo", "rm", f"alice/{stem}-*", "--dry-run", "--format", "json").json()
        assert [row["name"] for row in planned] == names
        assert list(planned[0]) == FIELDS
        assert alice("repo", "rm", f"alice/{stem}-*").exit_code == 2
        asked = alice("repo", "rm", f"alice/{stem}-*", stdin="y\n", terminal=True)
        assert asked.exit_code == 0
        assert "Delete these 3 repositories for good?" in asked.stderr
        left = alice("repo", "ls", "-q").lines()
        assert f"alice/x{stem}-9" in left
        assert not set(names) & set(left)

    def test_a_failed_one_does_not_stop_the_others(self, alice: InProcess, mine: str) -> None:
        done = alice("repo", "rm", "alice/nothing", "bob/tools", mine, mine, "--yes")
        assert done.exit_code == 4
        assert "cannot delete alice/nothing: " in done.stderr
        assert "cannot delete bob/tools: " in done.stderr
        assert done.stderr.endswith(f"deleted {mine}\n")

    def test_a_pattern_that_matches_nothing_is_not_found(self, alice: InProcess) -> None:
        done = alice("repo", "rm", "alice/zzz-*", "--yes")
        assert done.exit_code == 3
        assert "no repository matches" in done.stderr

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("webapp", "hubcli repo rm alice/webapp"),
            ("docker.io/webapp", "hubcli repo rm alice/webapp"),
            ("web*", "hubcli repo rm 'NAMESPACE/PATTERN'"),
            ("*/webapp*", "hubcli repo rm 'NAMESPACE/PATTERN'"),
            ("docker.io/web*", "hubcli repo rm 'NAMESPACE/PATTERN'"),
        ],
    )
    def test_a_name_without_a_namespace_is_refused(
        self, alice: InProcess, sandbox: SandboxServer, name: str, hint: str
    ) -> None:
        done = alice("repo", "rm", "--yes", "alice/notes", name)
        assert done.exit_code == 2
        assert done.stderr.endswith(f"hint: {hint}\n")
        assert sandbox.requests() == []

    @pytest.mark.parametrize("name", ["a/b", "a/b*"])
    def test_other_registries_cannot(self, cli: InProcess, plain: str, name: str) -> None:
        done = cli("repo", "rm", "--yes", f"{plain}/{name}")
        assert done.exit_code == 1
        assert f"{plain} cannot delete a repository" in done.stderr


class TestStars:
    def test_stars_are_given_and_taken_back(self, alice: InProcess, mine: str) -> None:
        def stars() -> object:
            return alice("repo", "inspect", mine, "--format", "{{.stars}}").stdout

        for _ in range(2):
            assert alice("repo", "star", mine).exit_code == 0
            assert stars() == "1\n"
        for _ in range(2):
            assert alice("repo", "unstar", mine).exit_code == 0
            assert stars() == "0\n"

    @pytest.mark.parametrize("verb", ["star", "unstar"])
    def test_failures_are_told(self, alice: InProcess, verb: str) -> None:
        assert alice("repo", verb, "alice/nothing").exit_code == 3
        elsewhere = alice("repo", verb, "quay.io/a/b")
        assert elsewhere.exit_code == 1
        assert "there are no stars on quay.io" in elsewhere.stderr

    def test_nobody_has_no_stars_to_give(self, sandbox: SandboxServer, cli: InProcess) -> None:
        done = cli("repo", "star", "hello-world")
        assert done.exit_code == 4
        assert "hint: hubcli login" in done.stderr
