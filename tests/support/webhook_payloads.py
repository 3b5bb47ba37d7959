"""What Docker Hub sends to a webhook, as small as it can be."""

from __future__ import annotations

import json
from typing import Any


def payload(
    repository: str = "acme/api", *, tag: str = "v1", pusher: str = "erin", **more: Any
) -> bytes:
    """A push of `repository:tag`; `more` stands beside `push_data` and `repository`."""
    namespace, _, name = repository.partition("/")
    body = {
        "push_data": {"pushed_at": 1417566161, "pusher": pusher, "tag": tag},
        "repository": {"namespace": namespace, "name": name, "repo_name": repository},
    }
    return json.dumps(body | more).encode()
