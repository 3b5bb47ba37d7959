"""What Hub calls the kinds of content that a repository can hold."""

from __future__ import annotations

from hubcli import oci

_KINDS = {
    **dict.fromkeys(oci.CONFIG_TYPES, "image"),
    "application/vnd.docker.plugin.v1+json": "plugin",
    "application/vnd.cncf.helm.config.v1+json": "helm",
    "application/vnd.docker.ai.model.config.v0.1+json": "model",
    "application/vnd.docker.compose.project": "compose",
    "application/vnd.docker.volume.v1+json": "volume",
    "application/vnd.wasm.config.v1+json": "wasm",
}


def content_type(config_type: str | None) -> str:
    """`image`, `plugin`, `helm` … by the media type of a config; an index has none: an image."""
    return "image" if config_type is None else _KINDS.get(config_type, "unrecognized")
