"""Telling webhooks of pushes, from a thread of its own and to addresses of this machine only."""

from __future__ import annotations

import http.client
import ipaddress
import json
import secrets
import socket
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from hubcli import timestamps
from hubcli.sandbox.repositories import HubRepository, Repositories
from hubcli.sandbox.webhooks import Webhooks

_SECONDS = 5
_STOP_SECONDS = 2


class Deliveries:
    """Sends what `webhooks` has written down, one after the other.

    Its thread begins with the first push that there is somebody to tell of.
    """

    def __init__(self, webhooks: Webhooks, repositories: Repositories) -> None:
        self._webhooks = webhooks
        self._repositories = repositories
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """There may be something to send."""
        with self._lock:
            if self._closing.is_set():
                return
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="sandbox deliveries", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Send no more; what waits is sent when the same data is served again."""
        with self._lock:
            self._closing.set()
            self._wanted.set()
            thread = self._thread
        if thread is not None:
            thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wanted.wait()
            self._wanted.clear()
            self._send_waiting()

    def _send_waiting(self) -> None:
        while not self._closing.is_set():
            waiting = self._webhooks.next_waiting()
            if waiting is None:
                return
            status, error = self._send(waiting)
            # Who has waited long enough for us has closed the database since.
            if not self._closing.is_set():
                self._webhooks.finish(waiting["id"], status, error)

    def _send(self, waiting: sqlite3.Row) -> tuple[int | None, str | None]:
        """The status of the answer, or why there is none."""
        repository = self._repositories.find(f"{waiting['namespace']}/{waiting['repository']}")
        if repository is None:
            return None, "the repository is gone"
        told = payload(repository, waiting["tag"], waiting["pusher"], waiting["created"])
        body = json.dumps(told).encode()
        try:
            return _post(waiting["hook_url"], body), None
        except (OSError, ValueError, http.client.HTTPException) as error:
            return None, str(error) or type(error).__name__


def payload(repository: HubRepository, tag: str, pusher: str, moment: str) -> Mapping[str, Any]:
    """What Docker Hub tells a webhook of a push; the address to call back is of no use any more."""
    pushed, created = timestamps.parse(moment), timestamps.parse(repository.created)
    return {
        "callback_url": (
            f"https://registry.hub.docker.com/u/{repository.path}/hook/{secrets.token_hex(16)}/"
        ),
        "push_data": {
            "pushed_at": int(pushed.timestamp()) if pushed else None,
            "pusher": pusher,
            "tag": tag,
        },
        "repository": {
            "comment_count": 0,
            "date_created": int(created.timestamp()) if created else None,
            "description": repository.description,
            "dockerfile": "",
            "full_description": repository.full_description,
            "is_official": repository.badge == "official",
            "is_private": repository.is_private,
            "is_trusted": False,
            "name": repository.name,
            "namespace": repository.namespace,
            "owner": repository.namespace,
            "repo_name": repository.path,
            "repo_url": f"https://hub.docker.com/r/{repository.path}",
            "star_count": repository.stars,
            "status": "Active",
        },
    }


def _post(url: str, body: bytes) -> int:
    """POST to an address of this machine; redirects are answers like others."""
    parts = urlsplit(url)
    address = _loopback(parts)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(address, parts.port, timeout=_SECONDS)
    try:
        target = parts.path or "/"
        connection.request(
            "POST",
            f"{target}?{parts.query}" if parts.query else target,
            body=body,
            headers={
                "Content-Type": "application/json",
                "Host": parts.netloc.rpartition("@")[2],
                "User-Agent": "hubcli sandbox",
            },
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _loopback(parts: SplitResult) -> str:
    """The address to connect to; ValueError where that would leave this machine."""
    host = parts.hostname or ""
    if host == "localhost":
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    else:
        found = {host}
    for each in sorted(found):
        try:
            if ipaddress.ip_address(each).is_loopback:
                return each
        except ValueError:
            continue
    raise ValueError("the sandbox sends to addresses of this machine only")
