"""How the registry says no: the errors body of distribution-spec, "Error Codes"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response


class RegistryError(Exception):
    """An answer other than the one that was hoped for; `code` is one of the specification's."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        return JSONResponse({"errors": [error]}, self.status, self.headers)


def name_invalid(name: str) -> RegistryError:
    return RegistryError(400, "NAME_INVALID", "invalid repository name", detail={"name": name})


def name_unknown(name: str) -> RegistryError:
    return RegistryError(
        404, "NAME_UNKNOWN", "repository name not known to registry", detail={"name": name}
    )


def manifest_unknown(reference: str) -> RegistryError:
    return RegistryError(
        404, "MANIFEST_UNKNOWN", "manifest unknown to registry", detail={"reference": reference}
    )


def manifest_invalid(message: str, status: int = 400) -> RegistryError:
    return RegistryError(status, "MANIFEST_INVALID", message)


def blob_unknown(digest: str) -> RegistryError:
    return RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry", detail={"digest": digest})


def digest_invalid(message: str, digest: str) -> RegistryError:
    return RegistryError(400, "DIGEST_INVALID", message, detail={"digest": digest})


def upload_unknown(upload: str) -> RegistryError:
    return RegistryError(
        404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", detail={"upload": upload}
    )


def size_invalid(message: str) -> RegistryError:
    return RegistryError(400, "SIZE_INVALID", message)
