"""What a new sandbox holds: people, an organization, and a few hundred repositories.

- `alice` (password `PASSWORD`) owns `alice/webapp`, the private `alice/notes` and the organization
  `acme` with `acme/api` and the private `acme/internal`; who else is in organizations of hers is
  told in `organizations`.
- `bob` has a second factor (`OTP_SECRET`); `carol` has no room for another private repository.
- `library/hello-world` is a real image for three platforms with an attestation and an old tag;
  the repositories of `catalogue.tsv` share one image.
- `MANY_TAGS` has 5000 tags, one a night.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from hubcli import oci, timestamps
from hubcli.sandbox import images, programs
from hubcli.sandbox.accounts import Accounts, now
from hubcli.sandbox.images import Image
from hubcli.sandbox.organizations import FREE, LARGE, OrganizationSeeding
from hubcli.sandbox.repositories import Repositories
from hubcli.sandbox.storage import Storage

USERNAME = "alice"
ORGANIZATION = "acme"
PASSWORD = "sandbox-password"  # noqa: S105 - everybody may know it
OTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - bob's, for tests
MANY_TAGS = "bigorg/nightly"
PULL_PREVIEW = "ratelimitpreview/test"
"""The repository whose manifest is asked for to learn the pull limit."""

_ROOM = 100
_NIGHTS = 5000
_LAST_NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
_HOSTILE = "xyloph/terminal-art"
_HOSTILE_TEXT = "\x1b[31mred\x1b[0m\x07 [bold]loud[/bold] \u202etfel\u202c \u2066iso\u2069\r\tend"
_HELLO = b"""
Hello from the sandbox!

This program came out of an image that was pushed to, and pulled from, a registry
on your own machine. To get here,
 1. a client asked the registry for a token and was given one,
 2. it resolved the tag to an index, and chose the manifest for your platform,
 3. it fetched the layer, checked its digest, and took this program out of it.

To try something more ambitious, push an image of your own:
 $ hubcli push IMAGE alice/NAME:TAG
"""
_AMD64 = oci.Platform("linux", "amd64")
_ARM64 = oci.Platform("linux", "arm64", "v8")
_ARM = oci.Platform("linux", "arm", "v7")


def seed(
    storage: Storage,
    accounts: Accounts,
    repositories: Repositories,
    organizations: OrganizationSeeding,
) -> None:
    """Fill an empty sandbox; one that has accounts is left as it is."""
    if accounts.empty:
        with storage.database.transaction():
            seeding = _Seeding(storage, accounts, repositories)
            seeding.people()
            seeding.hello_world()
            seeding.catalogue()
            seeding.hostile()
            seeding.nightly()
            seeding.own_repositories()
            organizations.small(ORGANIZATION, USERNAME, PASSWORD)
            organizations.large(LARGE, USERNAME)
            organizations.free(FREE, USERNAME)


def hello_world() -> Image:
    """The image `library/hello-world`: a program for each of three platforms."""
    built = {
        platform: images.image(
            {"hello": program(_HELLO)}, platform, command=["/hello"], labels=_labels("hello-world")
        )
        for platform, program in (
            (_AMD64, programs.amd64),
            (_ARM64, programs.arm64),
            (_ARM, programs.arm),
        )
    }
    return images.index(built, attested=[built[_AMD64]])


def small(text: str) -> Image:
    """An image for one platform whose program prints `text`."""
    program = programs.amd64(f"{text}\n".encode())
    return images.image({"run": program}, _AMD64, command=["/run"], labels=_labels(text))


def _labels(title: str) -> dict[str, str]:
    return {"org.opencontainers.image.title": title}


class _Seeding:
    def __init__(self, storage: Storage, accounts: Accounts, repositories: Repositories) -> None:
        self._storage = storage
        self._accounts = accounts
        self._repositories = repositories

    def people(self) -> None:
        add = self._accounts.add
        add(USERNAME, password=PASSWORD, full_name="Alice Liddell", email="alice@example.com",
            company="Wonderland", location="Oxford", private_limit=_ROOM)  # fmt: skip
        add("bob", password=PASSWORD, full_name="Bob Byrne", email="bob@example.com", plan="pro",
            private_limit=_ROOM, otp_secret=OTP_SECRET)  # fmt: skip
        add("carol", password=PASSWORD, full_name="Carol Cole", email="carol@example.com",
            private_by_default=True)  # fmt: skip
        add(ORGANIZATION, is_organization=True, full_name="Acme Corporation", company="Acme",
            plan="team", private_limit=_ROOM)  # fmt: skip
        add("library", is_organization=True, full_name="Docker Official Images", plan="business")
        add("ratelimitpreview", is_organization=True, plan="business")

    def hello_world(self) -> None:
        path = "library/hello-world"
        number = self._repositories.create(
            path,
            "library",
            description="Hello World! (an example of minimal Dockerization)",
            full_description="# hello-world\n\nPrints a greeting and ends. Start here.\n",
            stars=2_417,
            pulls=9_004_120_557,
            created="2014-06-01T18:36:56.000000Z",
            updated=images.CREATED,
            type="image",
            publisher="Docker Official Images",
            badge="official",
            architectures=["amd64", "arm64", "arm"],
        )
        image = hello_world()
        self._push(path, image, timestamps.parse(images.CREATED), ["latest", "linux"])
        platforms = oci.parse_manifest(image.manifest.content, oci.OCI_INDEX).manifests
        self._tag(path, {"amd64": platforms[0].digest}, timestamps.parse(images.CREATED))
        old = [("nanoserver-sac2016", "2018-08-24T22:51:42.182345Z", 101_003_412),
               ("nanoserver", "2018-09-12T01:22:09.004512Z", 101_003_412)]  # fmt: skip
        self._repositories.add_old_tags(number, old)

    def catalogue(self) -> None:
        """The repositories of the data file; official ones have a few tags more."""
        image = small("placeholder")
        for row in _catalogue():
            path, namespace = row["repository"], row["repository"].partition("/")[0]
            if self._accounts.find(namespace) is None:
                organization = row["badge"] != "none"
                self._accounts.add(
                    namespace, is_organization=organization, full_name=row["publisher"]
                )
            self._repositories.create(
                path,
                namespace,
                description=row["description"],
                stars=int(row["stars"]),
                pulls=int(row["pulls"]),
                created=row["created"],
                updated=row["updated"],
                type="image",
                categories=[slug for slug in row["categories"].split(",") if slug],
                architectures=row["architectures"].split(","),
                publisher=row["publisher"],
                badge=row["badge"],
            )
            if path != MANY_TAGS:
                tags = (
                    ["latest", "stable", "1", "1.0"] if row["badge"] == "official" else ["latest"]
                )
                self._push(path, image, timestamps.parse(row["updated"]), tags)

    def hostile(self) -> None:
        """Text that a terminal must not be given as it is."""
        self._repositories.create(
            _HOSTILE, "xyloph", description=_HOSTILE_TEXT, full_description=_HOSTILE_TEXT, pulls=7
        )
        self._push(_HOSTILE, small("art"), None, ["latest"])

    def nightly(self) -> None:
        builds = [small(f"build {number}") for number in range(7)]
        for build in builds:
            self._push(MANY_TAGS, build, _LAST_NIGHT)
        nights = (_LAST_NIGHT - timedelta(days=age) for age in range(_NIGHTS))
        self._storage.tags.point(
            MANY_TAGS,
            {
                f"{night:%Y%m%d}": (builds[number % len(builds)].manifest.digest, night)
                for number, night in enumerate(nights)
            },
        )

    def own_repositories(self) -> None:
        create = self._repositories.create
        preview = small("pull limit preview")
        create(PULL_PREVIEW, "ratelimitpreview", type="image")
        self._push(PULL_PREVIEW, preview, None, ["latest"])
        create("alice/webapp", USERNAME, description="The shop's web application", type="image",
               full_description="# webapp\n\nOne tag for each pull request.\n", stars=3, pulls=1204,
               categories=["web-servers"], created="2024-02-11T10:00:00.000000Z",
               architectures=["amd64"])  # fmt: skip
        self._webapp_tags()
        create("alice/notes", USERNAME, description="Only mine", is_private=True, type="image")
        self._push("alice/notes", small("notes"), None, ["latest"], USERNAME)
        create("acme/api", USERNAME, description="Acme's public API", type="image", pulls=88)
        self._push("acme/api", small("api"), None, ["latest", "2.0.0"], USERNAME)
        create("acme/internal", USERNAME, description="For Acme only", is_private=True,
               type="image")  # fmt: skip
        self._push("acme/internal", small("internal"), None, ["latest"], USERNAME)
        create("bob/tools", "bob", description="Bob's tools", type="image")
        self._push("bob/tools", small("tools"), None, ["latest"], "bob")
        create("carol/diary", "carol", description="Dear diary", is_private=True, type="image")
        self._push("carol/diary", small("diary"), None, ["latest"], "carol")

    def _webapp_tags(self) -> None:
        """Releases with `latest` on the last of them, and twelve pull requests."""
        path, today = "alice/webapp", datetime.now(UTC).replace(microsecond=0)
        releases = ["v1.0.0", "v1.1.0", "v1.2.0", "v1.2.1", "v2.0.0-rc.1", "v2.0.0"]
        for number, release in enumerate(releases):
            tags = [release, "latest"] if release == releases[-1] else [release]
            moment = today - timedelta(days=400 - 60 * number)
            self._push(path, small(f"webapp {release}"), moment, tags, USERNAME)
        for number in range(1, 13):
            moment = today - timedelta(days=24 - 2 * number, hours=3)
            self._push(path, small(f"webapp pr-{number}"), moment, [f"pr-{number}"], USERNAME)

    def _push(
        self,
        path: str,
        image: Image,
        moment: datetime | None,
        tags: Iterable[str] = (),
        pushed_by: str | None = None,
    ) -> None:
        for child in image.children:
            self._push(path, child, moment)
        for blob in image.blobs:
            self._storage.blobs.put(path, blob)
        self._storage.manifests.put(
            path, image.manifest, tags=tags, pushed_by=pushed_by, pushed_at=moment
        )

    def _tag(self, path: str, digests: dict[str, str], moment: datetime | None) -> None:
        at = moment or timestamps.parse(now()) or _LAST_NIGHT
        self._storage.tags.point(path, {tag: (digest, at) for tag, digest in digests.items()})


def _catalogue() -> Iterator[dict[str, str]]:
    text = files("hubcli.sandbox").joinpath("catalogue.tsv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
