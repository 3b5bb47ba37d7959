"""JSON as hubcli writes it: always valid, never a raw control character, one key order."""

from __future__ import annotations

import json
import math
from functools import cache

from hubcli.output.text import json_safe


@cache
def _encoder(indent: int | None) -> json.JSONEncoder:
    return json.JSONEncoder(
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=(",", ": ") if indent else (",", ":"),
        default=str,
    )


def to_json(value: object, *, indent: int | None = None) -> str:
    """`value` as one JSON text; on one line without `indent`.

    JSON has no NaN and no infinities, though servers send them: they become null.
    """
    encoder = _encoder(indent)
    try:
        document = encoder.encode(value)
    except ValueError:
        document = encoder.encode(_finite(value))
    return json_safe(document)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
