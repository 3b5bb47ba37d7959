"""`tag prune` and `tag restore` on any repository: what stays is whole, what goes comes back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcli import oci
from hubcli.oci import Manifest
from hubcli.retention.attached import key_of, subject_of
from hubcli.semver import parse
from hubcli.tags import parse_keep, version
from support.docker_registry import DockerRegistry
from support.grown import OLD, Grown, attached_tag, grown, missing
from support.repositories import repository_at
from support.running import InProcess, private_environ
from support.sandbox_registry import RegistryServer, registry_server

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Place:
    """A registry in this process, and hubcli for who uses it."""

    server: RegistryServer
    cli: InProcess
    undo: Path
    faults: Sequence[Mapping[str, object]] = ()
    """What it always refuses."""

    def refuses(self, *more: Mapping[str, object]) -> None:
        self.server.client.delete("/_sandbox/faults").raise_for_status()
        self.server.client.post("/_sandbox/faults", json=[*self.faults, *more]).raise_for_status()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def tags(self, path: str) -> dict[str, str]:
        found = {}
        for name in self.server.storage.tags.names(path):
            stored = self.server.storage.manifests.get(path, name)
            assert stored is not None, name
            found[name] = stored.digest
        return found

    def missing(self, path: str) -> list[str]:
        """What is missing of the tags of a repository."""
        storage = self.server.storage

        def read(reference: str) -> Manifest:
            stored = storage.manifests.get(path, reference)
            assert stored is not None, reference
            return oci.parse_manifest(stored.content, stored.media_type)

        return [
            each
            for name in storage.tags.names(path)
            for each in missing(
                name, read, lambda blob: storage.blobs.size(path, blob.digest) is not None
            )
        ]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    """One that deletes tags, and one that deletes manifests with all their tags, needed or not."""
    home = tmp_path_factory.mktemp("home")
    cli = InProcess(private_environ(home), home)
    with registry_server() as tags, registry_server() as manifests:
        refused = {"match": "DELETE /v2/.*/manifests/(?!sha256:)", "status": 405}
        places = {
            "tags": Place(tags, cli, home / "tags.jsonl"),
            "manifests": Place(manifests, cli, home / "manifests.jsonl", [refused]),
        }
        for place in places.values():
            place.refuses()
        yield places


@dataclass(frozen=True)
class Policy:
    """Some rules, as flags; `lets_go` says the same in a few words of its own."""

    keep: int | None
    old: bool
    filter: str | None
    excepting: str | None
    keep_tag: str | None
    semver_keep: str | None

    @property
    def flags(self) -> list[str]:
        said = {
            "--keep": self.keep,
            "--older-than": "90d" if self.old else None,
            "--filter": self.filter,
            "--except": self.excepting,
            "--keep-tag": self.keep_tag,
            "--semver-keep": self.semver_keep,
        }
        return [str(each) for flag, value in said.items() if value for each in (flag, value)]

    def lets_go(self, content: Grown) -> set[str]:
        made = {name: content.created[at] for name, at in content.tags.items()}
        names = [
            name
            for name in content.tags
            if subject_of(name) is None
            and fnmatchcase(name, self.filter or "*")
            and not (self.excepting and fnmatchcase(name, self.excepting))
        ]
        kept = {name for name in names if self.keep_tag and fnmatchcase(name, self.keep_tag)}
        if self.keep or self.old:
            kept |= {name for name in names if made[name] is None}
        if self.keep:
            dated = sorted(
                (made[name] or "", version(name), name) for name in names if made[name] is not None
            )
            kept |= {name for *_, name in dated[-self.keep :]}
        if self.old:
            kept |= {name for name in names if not (made[name] or "").startswith(OLD[:4])}
        if self.semver_keep:
            kept |= {*parse_keep(self.semver_keep).newest(names)}
            kept |= {name for name in names if parse(name) is None}
        return set(names) - kept


policies = st.builds(
    Policy,
    st.none() | st.integers(1, 3),
    st.booleans(),
    st.sampled_from((None, "*", "v*", "pr-*", "[!l]*")),
    st.sampled_from((None, "latest", "v1*")),
    st.sampled_from((None, "main", "*1")),
    st.sampled_from((None, "latest-patch", "latest-minor")),
).filter(lambda policy: policy.keep or policy.old or policy.filter or policy.semver_keep)


@pytest.mark.parametrize("kind", ["tags", "manifests"])
@settings(max_examples=14)
@given(content=grown(), policy=policies, until=st.none() | st.integers(0, 4))
def test_what_stays_can_be_pulled_and_what_goes_comes_back(
    places: dict[str, Place], kind: str, content: Grown, policy: Policy, until: int | None
) -> None:
    """Also where the first run gets no further than `until` deletions."""
    place = places[kind]
    path = f"any/{next(_NUMBERS)}"
    content.store(place.server.storage, path)
    before = place.tags(path)
    place.undo.unlink(missing_ok=True)
    command = ("tag", "prune", f"{place.host}/{path}", *policy.flags, "--allow-empty")

    plan = place.cli(*command, "--dry-run", "--format", "json")
    assert plan.exit_code == 0, plan.stderr
    rules = {row["name"]: row["rule"] for row in plan.json()}
    planned = {row["name"] for row in plan.json() if row["action"] == "delete"}
    assert rules.keys() == before.keys() == place.tags(path).keys()

    whole: tuple[str | Path, ...] = (*command, "--yes", "--undo-file", place.undo)
    if until is not None:
        place.refuses({"match": "DELETE /v2/.*/manifests/", "status": 403, "skip": until})
        assert place.cli(*whole).exit_code in {0, 4}
        place.refuses()
        assert place.missing(path) == []
        assert before.keys() - place.tags(path).keys() <= planned
    done = place.cli(*whole)
    assert done.exit_code == 0, done.stderr
    after = place.tags(path)
    assert after.items() <= before.items()
    assert place.missing(path) == []
    assert before.keys() - after.keys() == planned

    # What the rules let go is gone, but for what something that stays refers to.
    expected = policy.lets_go(content)
    own = {name for name in planned if subject_of(name) is None}
    assert own <= expected
    assert {rules[name] for name in expected - own} <= {"referrer"}
    had, has = content.reached(before), content.reached(after)
    for name, at in after.items():
        subject = content.manifests[at].subject
        if subject_of(name) is None and subject is not None and subject.digest in had:
            assert subject.digest in has
    # What belongs to others is there exactly as long as these are.
    keys = {key_of(digest) for digest in had}, {key_of(digest) for digest in has}
    for name in before:
        if (owner := subject_of(name)) is not None:
            assert (name in after) is (owner in keys[1] or owner not in keys[0])

    again = place.cli(*command, "--dry-run", "--exit-code")
    assert again.exit_code == 0, again.stderr
    if planned:
        back = place.cli("tag", "restore", place.undo, "--format", "json")
        assert back.exit_code == 0, back.stderr
        assert {row["action"] for row in back.json()} == {"create"}
        assert place.tags(path) == before
        assert place.missing(path) == []


def sample() -> Grown:
    """Two releases, each an index with a signature; an image of one of them has a tag, too."""
    found = Grown()
    releases = []
    for number in (1, 2):
        images = [
            found.image(OLD.format(10 * number + each), [f"base {each}", f"layer {number}"])
            for each in (1, 2)
        ]
        releases.append(found.index(images))
        found.tags[f"v{number}"] = releases[-1].digest
        found.tags[f"v{number}.0"] = releases[-1].digest
        found.tags[f"v{number}-amd64"] = images[0].digest
        signature = found.attachment(f"signature {number}", None)
        found.tags[attached_tag(releases[-1].digest, ".sig")] = signature.digest
        found.attachment(f"sbom {number}", releases[-1])
    return found


def test_a_registry_that_deletes_manifests_and_has_no_referrers_api(
    cli: InProcess, docker_registry: Callable[..., DockerRegistry], repository: str, tmp_path: Path
) -> None:
    """docker-registry 2.8: the lists of referrers are tags, and go with what they are of."""
    registry = docker_registry()
    name, content = f"{registry.host}/{repository}", sample()
    undo = tmp_path / "undo.jsonl"
    with repository_at(registry.host, repository) as client:
        content.push(client)
        before = {each for page in client.tags() for each in page}
        first, second = (content.tags[each] for each in ("v1", "v2"))
        lists = {attached_tag(each, "") for each in (first, second)}
        assert before == content.tags.keys() | lists
        command = ("tag", "prune", name, "--filter", "v1*", "--undo-file", undo, "--yes")
        done = cli(*command)
        assert done.exit_code == 0, done.stderr
        gone = {"v1", "v1.0", "v1-amd64", attached_tag(first, ".sig"), attached_tag(first, "")}
        after = {each for page in client.tags() for each in page}
        assert before - after == gone
        for each in after:
            assert [*missing(each, client.manifest, client.blobs.has)] == []
        (sbom,) = (
            each
            for each in content.manifests.values()
            if each.subject and each.subject.digest == first
        )
        assert client.find(sbom.digest) is None
        assert [each.digest for each in client.referrers(second)] != []
        assert cli(*command).exit_code == 0

        assert cli("tag", "restore", undo, "--dry-run").exit_code == 0
        assert {each for page in client.tags() for each in page} == after
        back = cli("tag", "restore", undo)
        assert back.exit_code == 0, back.stderr
        assert {each for page in client.tags() for each in page} == before
        for each in before:
            assert [*missing(each, client.manifest, client.blobs.has)] == []
        assert {tag: client.resolve(tag).digest for tag in content.tags} == content.tags
        assert [each.digest for each in client.referrers(first)] == [sbom.digest]
        assert json.loads(undo.read_text().splitlines()[0])["manifest"]
