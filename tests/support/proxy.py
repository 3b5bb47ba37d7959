"""TCP proxies on loopback: one that stands before a server, slow and faulty; one to go through."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

_REQUEST = re.compile(rb"([A-Z]+ \S+) HTTP/1\.[01]\r\n")
_CHUNK = 64 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Loopback:
    """A TCP server with an event loop in a thread of its own."""

    host: str
    """As 127.0.0.1:PORT, while it runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @contextmanager
    def _listening(
        self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Iterator[None]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await serve(reader, writer)
            finally:
                self._connections.discard(task)
                writer.transport.abort()

        server = self._loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0))
        self.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self._close(server), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        for task in list(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=5)


@dataclass(frozen=True)
class _Fault:
    """What happens to a connection that has carried `after` bytes down, or up."""

    kind: Literal["cut", "stall", "corrupt"]
    after: int
    up: bool = False

    def spoil(self, data: bytes, passed: int) -> bytes:
        """What of `data` is carried, `passed` bytes having been carried before."""
        at = self.after - passed
        if self.kind != "corrupt":
            return data[:at]
        if not 0 <= at < len(data):
            return data
        return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


class Proxy(_Loopback):
    """Passes bytes on to one server, counting them, late or not at all.

    Plain HTTP is counted by requests too; TLS passes through.
    """

    def __init__(self, upstream: str, *, round_trip: float = 0.0) -> None:
        super().__init__()
        self._upstream = upstream
        self.round_trip = round_trip
        """Seconds; a new connection costs one, as TCP's handshake does."""
        self.connections = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.requests: list[str] = []
        """As `GET /v2/`, in the order they came."""
        self._faults: list[_Fault] = []

    def cut_answers(self, after: int, times: int = 1) -> None:
        """Break the next `times` connections once they have carried `after` bytes down."""
        self._faults += [_Fault("cut", after)] * times

    def cut_uploads(self, after: int, times: int = 1) -> None:
        """Break the next `times` connections once they have carried `after` bytes up."""
        self._faults += [_Fault("cut", after, up=True)] * times

    def stall_answers(self, after: int, times: int = 1) -> None:
        """Carry nothing more down the next `times` connections after so many bytes."""
        self._faults += [_Fault("stall", after)] * times

    def corrupt_answers(self, after: int, times: int = 1) -> None:
        """Change the byte that comes down the next `times` connections after `after` others."""
        self._faults += [_Fault("corrupt", after)] * times

    def corrupt_uploads(self, after: int, times: int = 1) -> None:
        """The same on the way up."""
        self._faults += [_Fault("corrupt", after, up=True)] * times

    def forget(self) -> None:
        """Count from zero again, and spoil nothing more."""
        self._faults.clear()
        self.connections = self.bytes_up = self.bytes_down = 0
        self.requests.clear()

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve until the block ends."""
        with self._listening(self._serve):
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        fault = self._faults.pop(0) if self._faults else None
        await asyncio.sleep(self.round_trip)
        host, _, port = self._upstream.rpartition(":")
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        try:
            await _first_of(
                self._pass_on(reader, up_writer, self._sent, fault if fault and fault.up else None),
                self._pass_on(
                    up_reader, writer, self._received, None if fault and fault.up else fault
                ),
            )
        finally:
            up_writer.transport.abort()

    def _sent(self, data: bytes) -> None:
        self.bytes_up += len(data)
        found = _REQUEST.match(data)
        if found:
            self.requests.append(found[1].decode())

    def _received(self, data: bytes) -> None:
        self.bytes_down += len(data)

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        count: Callable[[bytes], None],
        fault: _Fault | None,
    ) -> None:
        """Carry bytes in one direction until its end, or until a fault; late, but pipelined."""
        target.transport.set_write_buffer_limits(high=0)  # what was written has left when cut
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)

        async def read() -> None:
            while True:
                data = await source.read(_CHUNK)
                await under_way.put((self._loop.time() + self.round_trip / 2, data))
                if not data:
                    return

        reading = asyncio.ensure_future(read())
        passed = 0
        try:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(due - self._loop.time(), 0))
                if fault is not None:
                    data = fault.spoil(data, passed)
                if data:
                    passed += len(data)
                    count(data)
                    target.write(data)
                    await target.drain()
                if fault is not None and fault.kind == "stall" and passed == fault.after:
                    await asyncio.Event().wait()
                if not data or (
                    fault is not None and fault.kind == "cut" and passed == fault.after
                ):
                    return
        finally:
            reading.cancel()


class ForwardProxy(_Loopback):
    """What HTTP_PROXY and HTTPS_PROXY name: passes absolute requests on, and tunnels CONNECT.

    Every host is 127.0.0.1 behind it, so that outside hosts can be played.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[str] = []
        """As `CONNECT registry.example:443` and `GET http://127.0.0.1:5000/v2/`, as they came."""

    @contextmanager
    def running(self) -> Iterator[ForwardProxy]:
        """Serve until the block ends."""
        with self._listening(self._serve):
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, rest = head.split(b"\r\n", 1)
        method, target, version = line.decode().split(" ")
        self.requests.append(f"{method} {target}")
        if method == "CONNECT":
            port = target.rpartition(":")[2]
        else:
            authority, _, path = target.removeprefix("http://").partition("/")
            port = authority.rpartition(":")[2] if ":" in authority else "80"
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", int(port))
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                once = re.sub(rb"(?i)\r\n(proxy-)?connection:[^\r]*", b"", b"\r\n" + rest)[2:]
                first = f"{method} /{path} {version}\r\nConnection: close\r\n"
                up_writer.write(first.encode() + once)
            await _first_of(_pump(reader, up_writer), _pump(up_reader, writer))
        finally:
            up_writer.transport.abort()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    target.transport.set_write_buffer_limits(high=0)
    while data := await source.read(_CHUNK):
        target.write(data)
        await target.drain()


async def _first_of(*directions: Awaitable[None]) -> None:
    """Until either direction has ended; then nothing more is carried."""
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
