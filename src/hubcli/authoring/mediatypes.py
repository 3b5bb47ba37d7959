"""Layers' media types in the two families: OCI's and Docker's (schema 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubcli import oci
from hubcli.oci import Manifest

_OCI = "application/vnd.oci.image.layer.v1.tar"
_DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
TAR, GZIP, ZSTD = "tar", "gzip", "zstd"
_SUFFIXES = {TAR: ("", ""), GZIP: ("+gzip", ".gzip"), ZSTD: ("+zstd", ".zstd")}
_DOCKERS = {_OCI + ours: _DOCKER + theirs for ours, theirs in _SUFFIXES.values()}
_OCIS = {theirs: ours for ours, theirs in _DOCKERS.items()}


def is_zstd(media_type: str) -> bool:
    """Whether a layer of that type is compressed with zstd."""
    return media_type.endswith(_SUFFIXES[ZSTD])


def is_docker(manifest: Manifest) -> bool:
    """Whether a manifest or index is of Docker's family."""
    return manifest.media_type in {oci.DOCKER_MANIFEST, oci.DOCKER_LIST}


def layer_type(compression: str, *, docker: bool) -> str:
    """The media type of a layer that is `TAR`, `GZIP` or `ZSTD`."""
    ours, theirs = _SUFFIXES[compression]
    return _DOCKER + theirs if docker else _OCI + ours


def fitting(layer: Mapping[str, Any], *, docker: bool) -> dict[str, Any]:
    """A layer's descriptor with the name that its media type has in a family."""
    names = _DOCKERS if docker else _OCIS
    return {**layer, "mediaType": names.get(layer["mediaType"], layer["mediaType"])}
