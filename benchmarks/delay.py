"""`python -m benchmarks.delay HOST:PORT MILLISECONDS`: a server that is that far away.

A TCP proxy on loopback that hands on each piece half of a round trip after it came, however many
come meanwhile; a connection is there after a whole one. It prints its own HOST:PORT.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

_PIECE = 256 << 10


class Delay:
    """The proxy."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._target = host, port
        self._seconds = seconds

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._seconds)
        reader, writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._pass(client, writer), self._pass(reader, answer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def take() -> None:
            piece = b"?"
            while piece:
                with suppress(ConnectionError):
                    piece = await reader.read(_PIECE)
                queue.put_nowait((loop.time() + self._seconds / 2, piece))

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


async def _main(target: str, milliseconds: float) -> None:
    host, _, port = target.rpartition(":")
    delay = Delay(host, int(port), milliseconds / 1000)
    server = await asyncio.start_server(delay.serve, "127.0.0.1", 0, limit=4 * _PIECE)
    address, number = server.sockets[0].getsockname()
    print(f"{address}:{number}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1], float(sys.argv[2])))
