"""Google's registries in their corners: repositories, tags by versions, and doing without API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.images import Image
from support.providers.google import Google
from support.providers.google_api import refused
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen

HOST = "europe-docker.pkg.dev"
IMAGES = f"{HOST}/acme/images"


@pytest.fixture
def google(tmp_path: Path) -> Google:
    return Google(tmp_path)


@pytest.fixture
def running(google: Google, environ: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with google.running() as running:
        config = tmp_path / "config.toml"
        config.write_text(running.config)
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        yield running


@pytest.fixture
def signed_in(cli: InProcess, running: Running, environ: dict[str, str]) -> InProcess:
    """With a repository, and nothing in it."""
    environ["DOCKER_AUTH_CONFIG"] = auth(running.username, running.secret, running.host)
    done = cli("repo", "create", f"{running.host}/acme/images")
    assert done.exit_code == 0, done.stderr
    return cli


def auth(username: str, secret: str, host: str = HOST) -> str:
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return json.dumps({"auths": {host: {"auth": pair}}})


def pushed(cli: InProcess, image: Image, *references: str) -> None:
    for reference in references:
        done = cli("push", image.source, reference)
        assert done.exit_code == 0, done.stderr


def details(cli: InProcess, name: str) -> dict[str, Any]:
    row: dict[str, Any] = cli("repo", "inspect", name, "--format", "json").json()
    return row


@pytest.mark.parametrize("username", ["_json_key", "_json_key_base64", "oauth2accesstoken"])
def test_a_login_takes_keys_as_they_are(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, username: str
) -> None:
    """Quotes, line ends within and letters beyond ASCII arrive as they were."""
    key = json.dumps({"private_key": "a\nb", "name": "é"}, indent=2, ensure_ascii=False)
    pairs: list[str] = []

    def asked(seen: Seen) -> Answer:
        if seen.path.startswith("/v2/token"):
            pairs.append(base64.b64decode(seen.headers["authorization"][6:]).decode())
            return Answer(200, b'{"token": "t"}')
        if "authorization" in seen.headers:
            return Answer(200, b"{}")
        realm = f'Bearer realm="http://{seen.headers["host"]}/v2/token"'
        return Answer(401, b"", {"WWW-Authenticate": realm})

    with ScriptedServer(asked) as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\nendpoint = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        environ["HUBCLI_AUTH_FILE"] = str(tmp_path / "auth.json")
        arguments = ("--username", username, "--password-stdin", "--store", "file")
        done = cli("login", HOST, *arguments, stdin=key)
    assert done.exit_code == 0, done.stderr
    assert pairs == [f"{username}:{key}"]


@pytest.mark.parametrize(
    ("body", "names", "code"),
    [
        (b'{"tags": ["v1", 1, null]}', ["v1"], 0),
        (b'{"manifest": {"sha256:x": {"tag": ["v1"]}, "y": 1}, "tags": ["v1"]}', ["v1"], 0),
        (b'{"manifest": [], "tags": null}', [], 0),
        (b"[]", [], 6),
        (b"<html>", [], 6),
    ],
)
def test_strange_listings(
    cli: InProcess,
    environ: dict[str, str],
    tmp_path: Path,
    body: bytes,
    names: list[str],
    code: int,
) -> None:
    with ScriptedServer(lambda _: Answer(200, body)) as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\nendpoint = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        done = cli("tag", "ls", f"{HOST}/acme/images/app", "-q")
    assert (done.exit_code, done.lines()) == (code, names), done.stderr


# Repositories


def test_a_repository_is_made_as_was_wished(
    cli: InProcess, google: Google, running: Running, environ: dict[str, str]
) -> None:
    environ["DOCKER_AUTH_CONFIG"] = auth(running.username, running.secret)
    google.api.polls = 1
    done = cli(
        "repo", "create", f"{HOST}/acme/hub", "--immutable-tags", "--description", "a cache",
        "--option", "remote=docker-hub", "--option", "scan=disabled",
    )  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, f"{HOST}/acme/hub\n"), done.stderr
    made = google.api.repositories["acme/hub"]
    assert (made["format"], made["mode"]) == ("DOCKER", "REMOTE_REPOSITORY")
    assert made["remoteRepositoryConfig"]["dockerRepository"] == {"publicRepository": "DOCKER_HUB"}
    assert made["vulnerabilityScanningConfig"] == {"enablementConfig": "DISABLED"}
    row = details(cli, f"{HOST}/acme/hub")
    assert (row["description"], row["immutable_tags"]) == ("a cache", [".*"])
    assert (row["size"], row["visibility"]) == (0, "private")
    assert cli("repo", "create", f"{HOST}/acme/hub", "--exist-ok").exit_code == 0
    again = cli("repo", "create", f"{HOST}/acme/hub")
    assert again.exit_code == 1
    assert "the repository already exists (ALREADY_EXISTS)" in again.stderr
    assert running.faults() == []


def test_option_values_are_checked_before_anything_is_made(
    cli: InProcess, google: Google, running: Running
) -> None:
    for option in ("scan=maybe", "kms-key=mine", "remote=http://mirror.example", "remote=", "x=1"):
        done = cli("repo", "create", f"{HOST}/acme/new", "--option", option)
        assert done.exit_code == 2
        assert "(USAGE)" in done.stderr
    assert google.api.repositories == {}
    assert running.transcript() == []


def test_changes_touch_what_they_name(
    signed_in: InProcess, google: Google, running: Running
) -> None:
    edit = ("repo", "edit", IMAGES, "--yes")
    for changes in (
        ("--description", "all of them"),
        ("--immutable-tags", ".*"),
        ("--option", "scan=disabled"),
        ("--public",),
    ):
        done = signed_in(*edit, *changes)
        assert done.exit_code == 0, done.stderr
    row = details(signed_in, IMAGES)
    assert (row["description"], row["immutable_tags"]) == ("all of them", [".*"])
    assert row["visibility"] == "public"
    assert signed_in(*edit, "--no-immutable-tags", "--scan-on-push").exit_code == 0
    scanning = google.api.repositories["acme/images"]["vulnerabilityScanningConfig"]
    assert scanning == {"enablementConfig": "INHERITED"}
    assert google.api.repositories["acme/images"]["dockerConfig"] == {"immutableTags": False}
    for changes, told in (
        (("--immutable-tags", "v.*"), "Google freezes all tags of a repository or none"),
        (("--option", "remote=docker-hub"), "Google takes remote for a new repository only"),
    ):
        refused = signed_in(*edit, *changes)
        assert refused.exit_code == 1
        assert told in refused.stderr
    assert running.faults() == []


def test_everybody_is_let_in_and_out_and_nobody_else(
    signed_in: InProcess, google: Google, running: Running
) -> None:
    """Bindings with other members, other roles or conditions stay as they are."""
    reader, others = "roles/artifactregistry.reader", ["user:a@acme.example"]
    conditional = {"role": reader, "members": others, "condition": {"expression": "1 < 2"}}
    kept = [conditional, {"role": "roles/artifactregistry.writer", "members": others}]
    google.api.policies["acme/images"] = {
        "etag": "E",
        "bindings": [*kept, {"role": reader, "members": ["allAuthenticatedUsers", *others]}],
    }
    assert details(signed_in, IMAGES)["visibility"] == "public"
    assert signed_in("repo", "edit", IMAGES, "--private", "--yes").exit_code == 0
    mended = [*kept, {"role": reader, "members": others}]
    assert google.api.policies["acme/images"]["bindings"] == mended
    assert details(signed_in, IMAGES)["visibility"] == "private"
    assert signed_in("repo", "edit", IMAGES, "--public", "--yes").exit_code == 0
    everybody = {"role": reader, "members": ["allUsers"]}
    assert google.api.policies["acme/images"]["bindings"] == [*mended, everybody]
    assert running.faults() == []


@pytest.mark.parametrize("page", [1, 2])
def test_a_project_has_repositories_and_those_have_images(
    signed_in: InProcess, google: Google, running: Running, image: Image, page: int
) -> None:
    google.api.page = page
    names = [f"{IMAGES}/{name}" for name in ("app", "app/deep/er", "web")]
    pushed(signed_in, image, *(f"{name}:v1" for name in names))
    assert signed_in("repo", "create", f"{HOST}/acme/other").exit_code == 0
    google.api.repositories["acme/jars"] = {
        "name": "projects/acme/locations/europe/repositories/jars", "format": "MAVEN"
    }  # fmt: skip
    rows = signed_in("repo", "ls", f"{HOST}/acme", "--format", "json", "--sort", "size").json()
    assert [row["name"] for row in rows] == [IMAGES, f"{HOST}/acme/other"]
    assert rows[0]["size"] > 0
    assert signed_in("repo", "ls", IMAGES, "-q").lines() == names
    assert signed_in("repo", "ls", f"{IMAGES}/app", "-q").lines() == [names[1]]
    lost = signed_in("repo", "ls", HOST)
    assert lost.exit_code == 1
    assert f"hint: hubcli repo ls {HOST}/PROJECT\n" in lost.stderr
    # A slash is coded in the name of an image, and that name is coded in the path.
    assert signed_in("repo", "rm", names[1], "--yes").exit_code == 0
    removal = next(line for line in running.transcript() if line.startswith("DELETE"))
    assert removal.endswith("/repositories/images/packages/app%252Fdeep%252Fer")
    assert signed_in("repo", "ls", IMAGES, "-q").lines() == [names[0], names[2]]
    assert signed_in("repo", "rm", IMAGES, "--yes").exit_code == 0
    assert signed_in("repo", "ls", f"{HOST}/acme", "-q").lines() == [f"{HOST}/acme/other"]
    assert running.faults() == []


def test_images_are_made_by_pushing_and_have_nothing_to_edit(
    signed_in: InProcess, running: Running, image: Image
) -> None:
    created = signed_in("repo", "create", f"{IMAGES}/app")
    assert created.exit_code == 1
    assert f"hint: hubcli push SOURCE {IMAGES}/app\n" in created.stderr
    pushed(signed_in, image, f"{IMAGES}/app:v1")
    edited = signed_in("repo", "edit", f"{IMAGES}/app", "--description", "x", "--yes")
    assert edited.exit_code == 1
    assert f"hint: hubcli repo edit {IMAGES}\n" in edited.stderr
    for command in (("repo", "inspect"), ("repo", "rm", "--yes"), ("repo", "create")):
        refused = signed_in(*command, f"{HOST}/acme")
        assert refused.exit_code == 1
        assert f"{HOST}/acme is a project" in refused.stderr


def test_a_push_makes_the_repository_if_it_is_told_to(
    signed_in: InProcess, google: Google, running: Running, image: Image
) -> None:
    name = f"{HOST}/acme/more/app"
    refused = signed_in("push", image.source, f"{name}:v1")
    assert refused.exit_code == 3
    assert "(NAME_UNKNOWN)" in refused.stderr
    planned = signed_in("push", image.source, f"{name}:v1", "--create", "--dry-run")
    assert f"dry run: {HOST}/acme/more would be created\n" in planned.stderr
    assert "acme/more" not in google.api.repositories
    done = signed_in("push", image.source, f"{name}:v1", "--create")
    assert f"created {HOST}/acme/more\n" in done.stderr
    assert signed_in("push", image.source, f"{HOST}/acme/more/b:v1", "--create").exit_code == 0
    assert signed_in("repo", "ls", f"{HOST}/acme/more", "-q").lines() == [
        name,
        f"{HOST}/acme/more/b",
    ]


def test_an_operation_that_fails_tells_why(
    signed_in: InProcess, google: Google, running: Running
) -> None:
    google.api.failing = {"code": 9, "message": "the key is disabled"}
    done = signed_in("repo", "rm", IMAGES, "--yes")
    assert done.exit_code == 1
    assert f"error: cannot delete {IMAGES}: the key is disabled" in done.stderr
    assert running.faults() == []


# gcr.io, which is a repository


def test_container_registry_is_a_repository_of_each_project(
    cli: InProcess, environ: dict[str, str], tmp_path: Path, image: Image
) -> None:
    google = Google(tmp_path, "eu.gcr.io")
    with google.running() as running:
        (tmp_path / "config.toml").write_text(running.config)
        environ["HUBCLI_CONFIG"] = str(tmp_path / "config.toml")
        environ["DOCKER_AUTH_CONFIG"] = auth(running.username, running.secret, "eu.gcr.io")
        assert cli("repo", "create", "eu.gcr.io/acme").exit_code == 0
        (made,) = google.api.repositories.values()
        assert made["name"] == "projects/acme/locations/europe/repositories/eu.gcr.io"
        pushed(cli, image, "eu.gcr.io/acme/app:v1", "eu.gcr.io/acme/team/app:v1")
        assert cli("repo", "ls", "eu.gcr.io/acme", "-q").lines() == [
            "eu.gcr.io/acme/app",
            "eu.gcr.io/acme/team/app",
        ]
        assert cli("tag", "ls", "eu.gcr.io/acme/app", "-q").lines() == ["v1"]
        refused = cli("repo", "rm", "eu.gcr.io/acme", "--yes")
        assert refused.exit_code == 1
        assert "that would delete all images of acme at eu.gcr.io" in refused.stderr
        assert cli("repo", "rm", "eu.gcr.io/acme/app", "--yes").exit_code == 0
        assert cli("repo", "ls", "eu.gcr.io/acme", "-q").lines() == ["eu.gcr.io/acme/team/app"]
        assert running.faults() == []


# Tags


def test_tags_come_with_their_versions(
    signed_in: InProcess, google: Google, running: Running, image: Image
) -> None:
    """One paged call; for a version with more tags than it names, one of its tags."""
    name = f"{IMAGES}/app"
    pushed(signed_in, image, f"{name}:v0")
    more = {f"v{number}": (image.digest, datetime.now(UTC)) for number in range(1, 103)}
    google.storage.tags.point("acme/images/app", more)
    size = next(one.size for one in google.manifests("acme/images/app") if one.tags)
    before = len(running.transcript())
    google.api.page = 50
    rows = signed_in("tag", "ls", name, "--format", "json").json()
    assert {row["name"] for row in rows} == {f"v{number}" for number in range(103)}
    assert {(row["digest"], row["size"]) for row in rows} == {(image.digest, size)}
    assert all(row["pushed"] and row["updated"] for row in rows)
    package = "/v1/projects/acme/locations/europe/repositories/images/packages/app"
    asked = [line.partition("?")[0] for line in running.transcript()[before:]]
    assert asked == [f"GET {package}/versions", *[f"GET {package}/tags"] * 3]
    assert running.faults() == []


def test_a_tagged_digest_stays(signed_in: InProcess, running: Running, image: Image) -> None:
    """Tags go one by one, by `/v2/`; the API need not be asked for that."""
    name = f"{IMAGES}/app"
    pushed(signed_in, image, f"{name}:v1", f"{name}:v2")
    before = len(running.transcript())
    assert signed_in("tag", "rm", f"{name}:v1", "--yes").exit_code == 0
    assert signed_in("digest", f"{name}:v2").stdout.split()[0] == image.digest
    assert running.transcript()[before:] == []


# Without the API


def test_whom_the_api_refuses_the_registry_answers(
    signed_in: InProcess, google: Google, running: Running, image: Image
) -> None:
    name = f"{IMAGES}/app"
    pushed(signed_in, image, f"{name}:v1", f"{IMAGES}/app/deep:v1")
    google.api.refusal = refused(403, "Artifact Registry API is disabled in acme. Enable it.")
    rows = signed_in("tag", "ls", name, "--format", "json", "--sort", "pushed")
    assert rows.exit_code == 0, rows.stderr
    assert [(row["name"], row["digest"]) for row in rows.json()] == [("v1", image.digest)]
    assert rows.stderr == (
        f"the API of {HOST} is not for you: artifact Registry API is disabled in acme. Enable it\n"
    )
    untagged = signed_in("tag", "ls", name, "--untagged", "-q").lines()
    assert sorted(untagged) == sorted(
        one.digest for one in google.manifests("acme/images/app") if not one.tags
    )
    assert untagged
    assert signed_in("repo", "ls", IMAGES, "-q").lines() == [name, f"{name}/deep"]
    assert signed_in("repo", "ls", f"{HOST}/acme", "-q").lines() == [IMAGES]
    inspected = signed_in("repo", "inspect", IMAGES)
    assert inspected.exit_code == 4
    assert inspected.stderr == (
        f"error: cannot inspect {IMAGES}: artifact Registry API is disabled in acme. Enable it"
        " (PERMISSION_DENIED)\n"
    )


def test_nobody_sees_what_is_public(
    signed_in: InProcess,
    google: Google,
    running: Running,
    image: Image,
    environ: dict[str, str],
) -> None:
    pushed(signed_in, image, f"{IMAGES}/app:v1")
    google.people.any_subject = True
    del environ["DOCKER_AUTH_CONFIG"]
    before = len(running.transcript())
    assert signed_in("tag", "ls", f"{IMAGES}/app", "-q").lines() == ["v1"]
    assert signed_in("repo", "ls", IMAGES, "-q").lines() == [f"{IMAGES}/app"]
    created = signed_in("repo", "create", f"{HOST}/acme/new")
    assert created.exit_code == 4
    assert f"hint: hubcli login {HOST}\n" in created.stderr
    assert running.transcript()[before:] == []
