"""`python -m benchmarks.delay HOST:PORT MILLISECONDS [MBIT/S]`: a server far away, on a line.

A TCP proxy on loopback that hands on each piece half of a round trip after it came, however many
come meanwhile; a connection is there after a whole one. All connections share the line: so many
megabits a second each way. It prints its own HOST:PORT, then a line for each connection
(`connection`) and for each request in plain HTTP (`GET /v2/`).
"""

from __future__ import annotations

import asyncio
import http.client
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 256 << 10
_REQUEST = re.compile(rb"([A-Z]+ \S+) HTTP/1\.[01]\r\n")
_CONNECTION = "connection"


class Far:
    """A proxy that runs; `host` is what is far away, `requests` came since `forget`."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.requests: list[str] = []
        self.connections = 0

    def forget(self) -> None:
        self.requests.clear()
        self.connections = 0

    def round_trip(self) -> float:
        """Seconds that one really takes: timers have their grain, and the server is one, too."""
        connection = http.client.HTTPConnection(self.host)
        taken = []
        for _ in range(11):
            started = time.perf_counter()
            connection.request("GET", "/v2/")
            connection.getresponse().read()
            taken.append(time.perf_counter() - started)
        connection.close()
        return statistics.median(taken[1:])

    def settle(self) -> None:
        """Wait until nothing more is told of what has gone by."""
        told = -1
        while told != len(self.requests) + self.connections:
            told = len(self.requests) + self.connections
            time.sleep(0.05)

    def count(self, lines: Iterator[str]) -> None:
        for line in lines:
            if line.strip() == _CONNECTION:
                self.connections += 1
            else:
                self.requests.append(line.strip())


@contextmanager
def far(host: str, milliseconds: float, megabits: float | None = None) -> Iterator[Far]:
    """A process before the server at HOST:PORT."""
    given = [str(milliseconds), *([] if megabits is None else [str(megabits)])]
    command = [sys.executable, "-m", "benchmarks.delay", host, *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = Far(process.stdout.readline().strip())
            threading.Thread(target=found.count, args=(process.stdout,), daemon=True).start()
            yield found
        finally:
            process.send_signal(signal.SIGTERM)


class _Line:
    """One direction of the line: pieces go one after the other, each as long as it takes."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._rate = bytes_per_second
        self._free = 0.0

    def through(self, now: float, size: int) -> float:
        """When a piece that comes now is through."""
        if self._rate is None:
            return now
        self._free = max(now, self._free) + size / self._rate
        return self._free


class _Delay:
    """The proxy."""

    def __init__(self, host: str, port: int, seconds: float, rate: float | None) -> None:
        self._target = host, port
        self._seconds = seconds
        self._up, self._down = _Line(rate), _Line(rate)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        print(_CONNECTION, flush=True)
        await asyncio.sleep(self._seconds)
        reader, writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(
            self._pass(client, writer, self._up), self._pass(reader, answer, self._down)
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line
    ) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)

        async def take() -> None:
            piece = b"?"
            while piece:
                with suppress(ConnectionError):
                    piece = await reader.read(_PIECE)
                found = _REQUEST.match(piece) if line is self._up else None
                if found:
                    print(found[1].decode(errors="replace"), flush=True)
                through = line.through(loop.time(), len(piece))
                await queue.put((through + self._seconds / 2, piece))

        taking = asyncio.create_task(take())
        with suppress(ConnectionError):
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
        taking.cancel()
        writer.close()


async def _main(target: str, milliseconds: float, megabits: float | None = None) -> None:
    host, _, port = target.rpartition(":")
    rate = None if megabits is None else megabits * 1e6 / 8
    delay = _Delay(host, int(port), milliseconds / 1000, rate)
    server = await asyncio.start_server(delay.serve, "127.0.0.1", 0, limit=4 * _PIECE)
    address, number = server.sockets[0].getsockname()
    print(f"{address}:{number}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1], *map(float, sys.argv[2:])))
