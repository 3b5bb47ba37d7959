"""Amazon ECR: whom botocore says one is, what is made before a push, and what the API refuses."""

from __future__ import annotations

import base64
import builtins
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
import yaml

from hubcli.providers import aws
from hubcli.providers.ecr import refusal
from hubcli.providers.rows import BY_NAME
from support import programs
from support.images import Image
from support.processes import serving
from support.providers.ecr import HOST, IDENTITY, PASSWORD, USERNAME, client
from support.providers.ecr_public import ALIAS
from support.providers.standin import Running
from support.running import InProcess
from support.scripted import Answer, ScriptedServer, Seen
from support.terminal import Terminal

PUBLIC = "public.ecr.aws"
Serve = Callable[..., tuple[Running, ...]]


@pytest.fixture
def ecr(serve: Serve, environ: dict[str, str]) -> Running:
    environ.update(IDENTITY)
    return serve("ecr")[0]


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        (HOST, True),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", True),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", True),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", True),
        ("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", True),
        ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", False),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", False),
        ("123456789012.dkr.ecr.eu-west-1.example.com", False),
        ("public.ecr.aws", False),
    ],
)
def test_hosts_of_every_partition(host: str, is_one: bool) -> None:
    assert BY_NAME["ecr"].is_at(host) is is_one


# Who one is


def test_the_identity_is_that_of_the_environment(ecr: Running, cli: InProcess) -> None:
    (row,) = cli("auth", "status", HOST, "--format", "json").json()
    assert (row["username"], row["source"], row["kind"]) == (
        USERNAME,
        "AWS, the environment",
        "role",
    )
    assert row["expires"] is None  # moto says 2015, which cannot be meant


def test_a_profile_is_named(
    serve: Serve, cli: InProcess, home: Path, environ: dict[str, str]
) -> None:
    serve("ecr")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = of the profile\n"
    )
    environ["AWS_PROFILE"] = "work"
    (row,) = cli("auth", "status", HOST, "--format", "json").json()
    assert row["source"] == "AWS, a profile work"


def test_a_profile_that_is_none_is_told_and_the_going_is_anonymous(
    serve: Serve, cli: InProcess, environ: dict[str, str]
) -> None:
    serve("ecr")
    environ["AWS_PROFILE"] = "nope"
    done = cli("digest", f"{HOST}/acme/app:v1")
    assert done.exit_code == 4
    assert (
        "warning: the provider's own identity: AWS: the config profile (nope) could not be found\n"
        in done.stderr
    )


def asked_for_tokens(ecr: Running) -> int:
    return [*ecr.transcript()].count("GetAuthorizationToken")


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of twelve hours, as Amazon's are; moto's ended in 2015."""
    monkeypatch.setattr("hubcli.providers.aws._end", lambda _: time.time() + 43_200)


def test_a_token_is_kept_while_it_lasts(
    ecr: Running,
    cli: InProcess,
    environ: dict[str, str],
    lasting: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cli("tag", "ls", f"{HOST}/acme/app", "--details")
    (row,) = cli("auth", "status", HOST, "--format", "json").json()
    assert row["expires"] is not None
    assert asked_for_tokens(ecr) == 1
    (file,) = (Path(environ["XDG_CACHE_HOME"]) / "hubcli" / "tokens").glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_text()
    assert all(secret not in kept for secret in IDENTITY.values() if "secret" in secret)
    assert cli("auth", "status", HOST, env={"HUBCLI_NO_TOKEN_CACHE": "1"}).exit_code == 0
    assert asked_for_tokens(ecr) == 2
    # Somebody else, and the same again.
    assert cli("auth", "status", HOST, env={"AWS_ACCESS_KEY_ID": "AKIAOTHER"}).exit_code == 0
    assert asked_for_tokens(ecr) == 3
    assert cli("auth", "status", HOST).exit_code == 0
    assert asked_for_tokens(ecr) == 3
    # After `logout`, and near its end.
    cli("logout", HOST)
    monkeypatch.setattr("hubcli.providers.aws._end", lambda _: time.time() + 200)
    for count in (4, 5):
        assert cli("auth", "status", HOST).exit_code == 0
        assert asked_for_tokens(ecr) == count


def test_a_kept_token_that_is_refused_is_asked_for_anew(
    ecr: Running, cli: InProcess, environ: dict[str, str], lasting: None
) -> None:
    assert cli("auth", "status", HOST, "--check").exit_code == 0
    (file,) = (Path(environ["XDG_CACHE_HOME"]) / "hubcli" / "tokens").glob("*.json")
    stale = base64.b64encode(b"AWS:revoked").decode()
    good = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
    file.write_text(file.read_text().replace(good, stale))
    refused = cli("digest", f"{HOST}/acme/app:v1")
    assert (refused.exit_code, "refuses the role of AWS" in refused.stderr) == (4, True)
    assert asked_for_tokens(ecr) == 1
    assert cli("digest", f"{HOST}/acme/app:v1").exit_code == 3
    assert asked_for_tokens(ecr) == 2


def test_another_configuration_is_another_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role has new keys each time: it is known by what it comes from."""
    from botocore.session import Session

    def whose(method: str, **environ: str) -> str:
        found = SimpleNamespace(method=method, access_key="AKIA1")
        return aws._whose(Session(), found, environ)

    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    config.write_text("[profile work]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = x\n")
    before = whose("assume-role")
    assert whose("assume-role") == before
    assert before.startswith("assume-role work ")
    assert "AKIA1" not in before
    config.write_text("[profile work]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = x\n")
    assert whose("assume-role") != before
    before = whose("assume-role-with-web-identity")
    assert whose("assume-role-with-web-identity", AWS_ROLE_ARN="arn:aws:iam::1:role/c") != before
    assert whose("env") == "the key AKIA1"


def without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refusing(name: str, *arguments: Any, **settings: Any) -> Any:
        if name.partition(".")[0] == "botocore":
            raise ImportError(name)
        return real(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", refusing)


def test_without_the_extra_it_is_named(
    ecr: Running, cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_botocore(monkeypatch)
    done = cli("repo", "ls", HOST)
    assert done.exit_code == 1
    assert done.stderr == (
        f"error: cannot list the repositories of {HOST}: Amazon ECR needs the extra aws"
        " (UNSUPPORTED)\n"
        "hint: pip install 'hubcli[aws]'\n"
    )
    stranger = cli("digest", f"{HOST}/acme/app:v1")
    assert stranger.exit_code == 4
    assert "needs the extra aws to use your identity there: pip install 'hubcli[aws]'" in (
        stranger.stderr
    )


def test_without_the_extra_dockers_own_helpers_still_work(
    ecr: Running,
    cli: InProcess,
    image: Image,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    assert cli("repo", "create", f"{HOST}/acme/app").exit_code == 0
    without_botocore(monkeypatch)
    helper = tmp_path / "bin" / "docker-credential-ecr-login"
    helper.parent.mkdir()
    answer = json.dumps({"ServerURL": HOST, "Username": USERNAME, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    environ["PATH"] = f"{helper.parent}:{environ['PATH']}"
    environ["DOCKER_AUTH_CONFIG"] = ""
    docker = tmp_path / "docker"
    docker.mkdir()
    (docker / "config.json").write_text(json.dumps({"credHelpers": {HOST: "ecr-login"}}))
    environ["DOCKER_CONFIG"] = str(docker)
    done = cli("push", image.source, f"{HOST}/acme/app:v1")
    assert done.exit_code == 0, done.stderr
    assert cli("tag", "ls", f"{HOST}/acme/app", "-q").lines() == ["v1"]


def test_nothing_of_amazons_is_imported_for_other_hosts(
    ecr: Running, cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_botocore(monkeypatch)
    done = cli("digest", "ghcr.io/acme/app:v1")
    assert "extra" not in done.stderr


# What is made before a push


def test_a_push_does_not_make_the_repository_unless_it_is_told_to(
    ecr: Running, cli: InProcess, image: Image, moto: str
) -> None:
    name = f"{HOST}/acme/fresh"
    refused = cli("push", image.source, f"{name}:v1")
    assert refused.exit_code == 3
    assert refused.stderr == (
        f"error: cannot push to {name}: there is no such repository, and pushing does not make it"
        f" (NAME_UNKNOWN)\nhint: hubcli repo create {name}\n"
    )
    planned = cli("push", image.source, f"{name}:v1", "--create", "--dry-run")
    assert f"dry run: {name} would be created" in planned.stderr
    assert client(moto).describe_repositories()["repositories"] == []
    done = cli("push", image.source, f"{name}:v1", "--create")
    assert (done.exit_code, f"created {name}" in done.stderr) == (0, True), done.stderr
    (row,) = client(moto).describe_repositories()["repositories"]
    assert row["repositoryName"] == "acme/fresh"
    assert cli("copy", f"{name}:v1", f"{HOST}/acme/other:v1", "--create").exit_code == 0


@pytest.mark.parametrize("how", ["alone", "of a list", "as files", "on stdin"])
def test_nothing_is_made_for_what_is_not_there(
    ecr: Running, cli: InProcess, image: Image, moto: str, tmp_path: Path, how: str
) -> None:
    name, absent = f"{HOST}/acme/fresh:v1", f"oci:{image.layout}:absent"
    if how == "of a list":
        (tmp_path / "list").write_text(f"{absent} {name}\n{image.source} {name}2\n")
        done = cli("push", "--from-file", str(tmp_path / "list"), "--create")
        assert done.exit_code == 3
        assert "absent" in done.stderr
        # What can be copied is, and for that it was made.
        assert cli("tag", "ls", f"{HOST}/acme/fresh", "-q").lines() == ["v12"]
        return
    if how == "alone":
        done = cli("push", absent, name, "--create")
    elif how == "as files":
        done = cli("push", "--artifact", "text/x", str(tmp_path / "absent"), name, "--create")
    else:
        done = cli("push", "-", name, "--create", stdin="no archive")
    assert done.exit_code != 0
    assert done.stderr.count("error: ") == 1
    assert client(moto).describe_repositories()["repositories"] == []


def test_on_a_terminal_it_is_asked(
    ecr: Running, terminal: Callable[..., AbstractContextManager[Terminal]], image: Image, moto: str
) -> None:
    name = f"{HOST}/acme/asked"
    with terminal("push", image.source, f"{name}:v1") as screen:
        screen.expect(f"Create {name}?")
        screen.send("y\n")
        screen.expect(f"created {name}")
    assert len(client(moto).describe_repositories()["repositories"]) == 1


# What the API has and refuses


def test_options_of_creation(ecr: Running, cli: InProcess, moto: str) -> None:
    flags = ("--immutable-tags", "--scan-on-push", "--option", "encryption=KMS")
    done = cli("repo", "create", f"{HOST}/acme/app", *flags)
    assert done.exit_code == 0, done.stderr
    (made,) = client(moto).describe_repositories()["repositories"]
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert made["encryptionConfiguration"]["encryptionType"] == "KMS"
    row = cli("repo", "inspect", f"{HOST}/acme/app", "--format", "json").json()
    assert (row["visibility"], row["immutable_tags"]) == ("private", [".*"])


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (["--public"], 1, "what is public is in public.ecr.aws"),
        (["--description", "x"], 1, "does not know --description; it knows --private or --public"),
        (["--readme", "x"], 1, "does not know --readme"),
        (["--option", "color=red"], 2, "encryption, kms-key, scan-on-push"),
        (["--option", "scan-on-push=maybe"], 2, "takes true or false"),
        (["--option", "encryption=ROT13"], 2, "AES256, KMS, KMS_DSSE"),
    ],
)
def test_what_cannot_be_made_so(
    ecr: Running, cli: InProcess, flags: list[str], code: int, told: str, tmp_path: Path, moto: str
) -> None:
    (tmp_path / "x").write_text("x")
    done = cli("repo", "create", f"{HOST}/acme/app", *flags)
    assert done.exit_code == code
    assert told in done.stderr


def test_tags_are_frozen_and_thawed(ecr: Running, cli: InProcess, image: Image, moto: str) -> None:
    name = f"{HOST}/acme/app"
    assert cli("push", image.source, f"{name}:v1", "--create").exit_code == 0
    done = cli("repo", "edit", name, "--immutable-tags", ".*")
    assert done.exit_code == 0, done.stderr
    assert "immutable_tags: (none) -> .*" in done.stderr
    (row,) = client(moto).describe_repositories()["repositories"]
    assert row["imageTagMutability"] == "IMMUTABLE"
    refused = cli("repo", "edit", name, "--immutable-tags", "v.*")
    assert (refused.exit_code, "freezes all tags ('.*') or none" in refused.stderr) == (1, True)
    assert cli("repo", "edit", name, "--no-immutable-tags").exit_code == 0
    assert cli("repo", "edit", name, "--scan-on-push").exit_code == 0
    (row,) = client(moto).describe_repositories()["repositories"]
    assert row["imageScanningConfiguration"] == {"scanOnPush": True}
    both = cli("repo", "edit", name, "--no-scan-on-push", "--option", "kms-key=k")
    assert (both.exit_code, "knows kms-key only when" in both.stderr) == (1, True)
    assert cli("repo", "edit", name, "--no-scan-on-push").exit_code == 0
    (row,) = client(moto).describe_repositories()["repositories"]
    assert row["imageScanningConfiguration"] == {"scanOnPush": False}
    assert cli("repo", "edit", name, "--option", "scan-on-push=true").exit_code == 0
    (row,) = client(moto).describe_repositories()["repositories"]
    assert row["imageTagMutability"] == "MUTABLE"
    assert row["imageScanningConfiguration"] == {"scanOnPush": True}


def service(answers: Callable[[str, dict[str, Any]], tuple[int, object]]) -> ScriptedServer:
    """The API by operation, for what moto does not do: pages, and failures."""

    def script(seen: Seen) -> Answer:
        operation = seen.headers["x-amz-target"].rpartition(".")[2]
        status, body = answers(operation, json.loads(seen.body or b"{}"))
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return Answer(status, json.dumps(body).encode(), headers)

    return ScriptedServer(script)


@pytest.fixture
def at_api(environ: dict[str, str], tmp_path: Path) -> Callable[[ScriptedServer], ScriptedServer]:
    environ.update(IDENTITY)
    environ["AWS_EC2_METADATA_DISABLED"] = "true"

    def configure(server: ScriptedServer) -> ScriptedServer:
        config = tmp_path / "config.toml"
        config.write_text(f'[registries."{HOST}"]\napi = "{server.url}"\n')
        environ["HUBCLI_CONFIG"] = str(config)
        return server

    return configure


def test_pages_are_followed(
    cli: InProcess, at_api: Callable[[ScriptedServer], ScriptedServer]
) -> None:
    def answer(operation: str, asked: dict[str, Any]) -> tuple[int, object]:
        assert operation == "DescribeRepositories"
        assert asked["registryId"] == "123456789012"
        number = int(asked.get("nextToken", 0))
        more = {"nextToken": str(number + 1)} if number < 2 else {}
        return 200, {"repositories": [{"repositoryName": f"team/app{number}"}], **more}

    with at_api(service(answer)):
        assert cli("repo", "ls", HOST, "-q").lines() == [f"{HOST}/team/app{n}" for n in range(3)]
        assert cli("repo", "ls", f"{HOST}/team", "--filter", "*1", "-q").lines() == [
            f"{HOST}/team/app1"
        ]
        assert cli("repo", "ls", f"{HOST}/te", "-q").lines() == []


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "AccessDeniedException", 4),
        (400, "UnrecognizedClientException", 4),
        (400, "ExpiredTokenException", 4),
        (400, "ThrottlingException", 5),
        (400, "RepositoryNotFoundException", 3),
        (400, "SomethingNew", 1),
        (500, "ServerException", 6),
    ],
)
def test_failures_have_the_exit_codes_of_the_contract(
    cli: InProcess,
    at_api: Callable[[ScriptedServer], ScriptedServer],
    status: int,
    code: str,
    exit_code: int,
) -> None:
    with at_api(service(lambda *_: (status, {"__type": code, "message": "So it is.\x1b[31m"}))):
        done = cli("repo", "inspect", f"{HOST}/acme/app")
    assert done.exit_code == exit_code
    assert f"({code})" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_failure_inside_a_batch_that_succeeded_is_one() -> None:
    inside = refusal(
        {"failureCode": "ImageReferencedByManifestList", "failureReason": "An index needs it"}
    )
    assert (str(inside), inside.exit_code) == (
        "an index needs it (ImageReferencedByManifestList)",
        1,
    )


def test_nobody_at_the_api_is_no_wait_for_ever(
    cli: InProcess, environ: dict[str, str], tmp_path: Path
) -> None:
    environ.update(IDENTITY)
    (tmp_path / "config.toml").write_text(
        f'[registries."{HOST}"]\napi = "http://127.0.0.1:9"\n', encoding="utf-8"
    )
    environ["HUBCLI_CONFIG"] = str(tmp_path / "config.toml")
    done = cli("repo", "ls", HOST)
    assert done.exit_code == 6
    assert "AWS does not answer" in done.stderr


def test_two_programs_nobody_here_wrote_agree_on_the_password(
    moto: str, environ: dict[str, str], cli: InProcess, image: Image, tmp_path: Path
) -> None:
    """moto's token opens docker-registry, which has it as the password of AWS."""
    program = programs.require_tool("docker-registry")
    line = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (tmp_path / "htpasswd").write_text(f"{USERNAME}:{line}\n")
    auth = {"htpasswd": {"realm": f"https://{HOST}/", "path": str(tmp_path / "htpasswd")}}
    (tmp_path / "registry.yml").write_text(
        yaml.safe_dump(
            {
                "version": 0.1,
                "storage": {"inmemory": {}},
                "http": {"addr": "127.0.0.1:0", "secret": "of no worth"},
                "auth": auth,
            }
        )
    )
    with serving(
        [program.path, "serve", tmp_path / "registry.yml"],
        ready=r"listening on (127\.0\.0\.1:\d+)",
        directory=tmp_path / "registry",
        environ=program.environ,
    ) as server:
        (tmp_path / "config.toml").write_text(
            f'[registries."{HOST}"]\nendpoint = "http://{server.ready[1]}"\napi = "{moto}"\n'
        )
        environ.update(IDENTITY, HUBCLI_CONFIG=str(tmp_path / "config.toml"))
        client(moto).create_repository(repositoryName="real/app")
        assert cli("push", image.source, f"{HOST}/real/app:v1").exit_code == 0
        assert cli("digest", f"{HOST}/real/app:v1").stdout.split()[0] == image.digest
        (row,) = cli("auth", "status", HOST, "--check", "--format", "json").json()
        assert row["valid"] is True


# Public


@pytest.fixture
def public(serve: Serve, environ: dict[str, str]) -> Running:
    environ.update(IDENTITY)
    return serve("ecr-public")[0]


def test_texts_of_the_gallery(public: Running, cli: InProcess) -> None:
    name = f"{PUBLIC}/{ALIAS}/app"
    made = cli("repo", "create", name, "--description", "It is", "--option", "about=# About")
    assert made.exit_code == 0, made.stderr
    row = cli("repo", "inspect", name, "--format", "json").json()
    assert (row["visibility"], row["description"], row["readme"]) == ("public", "It is", "# About")
    assert cli("repo", "edit", name, "--description", "It was").exit_code == 0
    row = cli("repo", "inspect", name, "--format", "json").json()
    assert (row["description"], row["readme"]) == ("It was", "# About")
    assert public.faults() == []


def test_private_is_elsewhere(public: Running, cli: InProcess) -> None:
    done = cli("repo", "create", f"{PUBLIC}/{ALIAS}/app", "--private")
    assert done.exit_code == 1
    assert "private is <account>.dkr.ecr.<region>.amazonaws.com" in done.stderr


def test_the_api_knows_ones_own_alias_only(public: Running, cli: InProcess) -> None:
    done = cli("repo", "ls", f"{PUBLIC}/nginx")
    assert done.exit_code == 3
    assert f"its aliases are {ALIAS}" in done.stderr
