"""Amazon ECR: moto's server for the API, and a registry that does what that says.

moto is the truth about repositories, tags and manifests; the sandbox's registry keeps the bytes.
The registry takes Basic authentication, makes no repository on a push, and deletes nothing.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubcli.sandbox.registry import registry_routes
from hubcli.sandbox.storage import Storage
from support.processes import serving as process
from support.providers.standin import People, Running
from support.sandbox_registry import serving

ACCOUNT = "123456789012"
REGION = "eu-central-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
USERNAME = "AWS"
PASSWORD = f"{ACCOUNT}-auth-token"
"""What moto's GetAuthorizationToken hands out."""

IDENTITY = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "aws-secret-of-the-user"}
_CHALLENGE = {"WWW-Authenticate": f'Basic realm="https://{HOST}/",service="ecr.amazonaws.com"'}


@contextmanager
def moto_server(directory: Path, program: str) -> Iterator[str]:
    """moto's own HTTP server; its URL."""
    command = [program, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with process(command, ready=r"Running on (http://127\.0\.0\.1:\d+)", directory=directory) as up:
        yield up.ready[1]


def client(moto: str, service: str = "ecr") -> Any:
    """botocore's client of moto, as somebody who may do everything."""
    from botocore.session import Session

    session = Session()
    session.set_credentials("tests", "tests")
    return session.create_client(service, region_name=REGION, endpoint_url=moto)


@contextmanager
def models_read_once() -> Iterator[None]:
    """Let botocore keep what it reads of its own files: each session would read megabytes again."""
    from botocore.loaders import JSONFileLoader

    read = cache(JSONFileLoader().load_file)
    with mock.patch.object(JSONFileLoader, "load_file", staticmethod(read)):
        yield


@contextmanager
def elastic_registry(moto: str) -> Iterator[Running]:
    """An empty registry of ACCOUNT."""
    urllib.request.urlopen(
        urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=10
    ).close()
    throttle = _Throttle()
    with ExitStack() as stack:
        storage = Storage(None)
        stack.callback(storage.close)
        people = People(USERNAME, PASSWORD)
        people.any_subject = True
        registry = Starlette(routes=registry_routes(storage, people, None))
        truth = _Truth(registry, client(moto))
        port = stack.enter_context(serving(throttle.over(truth)))
        model = Model("ecr")
        api = stack.enter_context(serving(throttle.over(_Forwarded(moto, model))))
        yield Running(
            "ecr",
            HOST,
            f'[registries."{HOST}"]\nendpoint = "http://127.0.0.1:{port}"\n'
            f'api = "http://127.0.0.1:{api}"\n',
            USERNAME,
            PASSWORD,
            "acme",
            [f"127.0.0.1:{port}", f"127.0.0.1:{api}"],
            identity=IDENTITY,
            # The id of a key is no secret: whatever is signed with it says it.
            secrets=[PASSWORD, IDENTITY["AWS_SECRET_ACCESS_KEY"]],
            throttle=throttle.set,
            transcript=lambda: model.calls,
            faults=lambda: model.departures,
            api_identity=True,
            untold=frozenset({"size", "pulled"}),
            tells_when=False,
        )


class Model:
    """botocore's model of a service: what may be asked, and answered."""

    def __init__(self, service: str) -> None:
        from botocore.session import Session

        self.departures: list[str] = []
        self.calls: list[str] = []
        self._model = Session().get_service_model(service)

    def check(
        self, operation: str, asked: object, answer: object = None, failure: str | None = None
    ) -> None:
        """Note a call, and how it departs from the model."""
        self.calls.append(operation)
        model = self._model.operation_model(operation)
        self._validate(f"{operation} asked", asked, model.input_shape)
        if failure is None:
            self._validate(f"{operation} answered", answer, model.output_shape)
        elif failure not in {shape.name for shape in model.error_shapes}:
            self.departures.append(f"{operation} cannot fail with {failure}")

    def _validate(self, what: str, document: object, shape: Any) -> None:
        from botocore.validate import ParamValidator

        report = ParamValidator().validate(document, shape)
        if report.has_errors():
            self.departures.append(f"{what}: {report.generate_report()}")


class _Throttle:
    def __init__(self) -> None:
        self._on = False

    def set(self, on: bool) -> None:
        self._on = on

    def over(self, app: ASGIApp) -> ASGIApp:
        async def held(scope: Scope, receive: Receive, send: Send) -> None:
            answer = JSONResponse(
                {"__type": "ThrottlingException", "message": "Rate exceeded"}, 400
            )
            await (answer if self._on else app)(scope, receive, send)

        return held


class _Forwarded:
    """moto behind a port of its own, so that it can be throttled, and heard."""

    def __init__(self, moto: str, model: Model) -> None:
        self._moto = moto
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        await (await run_in_threadpool(self._ask, request, body))(scope, receive, send)

    def _ask(self, request: Request, body: bytes) -> Response:
        headers = {k: v for k, v in request.headers.items() if k not in {"host", "content-length"}}
        asked = urllib.request.Request(
            f"{self._moto}{request.url.path}", data=body, headers=headers, method=request.method
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                passed = _passed_on(answer)
        except urllib.error.HTTPError as error:
            passed = _passed_on(error)
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        told = json.loads(bytes(passed.body))
        failure = str(told.get("__type")) if passed.status_code != 200 else None
        self._model.check(operation, json.loads(body), told, failure)
        return passed


def _passed_on(answer: Any) -> Response:
    return Response(
        answer.read(), answer.status, {"Content-Type": answer.headers.get("Content-Type", "")}
    )


class _Truth:
    """The registry, as far as moto says that there is what is asked for."""

    def __init__(self, registry: ASGIApp, ecr: Any) -> None:
        self._registry = registry
        self._ecr = ecr

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        refusal = await run_in_threadpool(self._refusal, request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        kept = _Kept(receive, send)
        await self._registry(scope, kept.receive, kept.send)
        if request.method == "PUT" and "/manifests/" in request.url.path and kept.status == 201:
            await run_in_threadpool(self._put, request, kept)

    def _refusal(self, request: Request) -> Response | None:
        pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return _error(401, "UNAUTHORIZED", _CHALLENGE)
        path = request.url.path.removeprefix("/v2/")
        if not path:
            return None
        if request.method in {"DELETE", "PATCH"}:
            return _error(405, "UNSUPPORTED")
        name, _, rest = _split(path)
        if not name:
            return None
        try:
            self._ecr.describe_repositories(repositoryNames=[name])
        except self._ecr.exceptions.RepositoryNotFoundException:
            return _error(404, "NAME_UNKNOWN")
        if "/manifests/" in path and request.method in {"GET", "HEAD"}:
            key = "imageDigest" if ":" in rest else "imageTag"
            try:
                self._ecr.describe_images(repositoryName=name, imageIds=[{key: rest}])
            except self._ecr.exceptions.ImageNotFoundException:
                return _error(404, "MANIFEST_UNKNOWN")
        return None

    def _put(self, request: Request, kept: _Kept) -> None:
        name, _, reference = _split(request.url.path.removeprefix("/v2/"))
        tagged = {} if ":" in reference else {"imageTag": reference}
        self._ecr.put_image(
            repositoryName=name,
            imageManifest=kept.body.decode(),
            imageManifestMediaType=request.headers["content-type"],
            imageDigest=kept.digest,
            **tagged,
        )


def _split(path: str) -> tuple[str, str, str]:
    for part in ("/manifests/", "/blobs/", "/tags/", "/referrers/"):
        name, found, rest = path.partition(part)
        if found:
            return name, found, rest
    return "", "", ""


class _Kept:
    """What passes by on its way to the registry and back."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.body = b""
        self.status = 0
        self.digest = ""

    async def receive(self) -> Message:
        message = await self._receive()
        if len(self.body) < 1 << 20:
            self.body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = {name.lower(): value.decode() for name, value in message["headers"]}
            self.digest = headers.get(b"docker-content-digest", "")
        await self._send(message)


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": code.lower()}]})
    return Response(body, status, {"Content-Type": "application/json", **(headers or {})})
