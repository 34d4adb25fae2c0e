# A WebSocket service that echoes, and clients that try it.
# SPDX-License-Identifier: BSD-2-Clause
#
#   websocket.py serve PATH                       on a unix socket, until it is ended
#   websocket.py WHAT URL AUTHORITY ROUNDS        messages, pings, close or many; exit status 0 when all held
import asyncio
import os
import ssl
import sys

import websockets

MOST = 1 << 23


async def echo(socket):
    """Sends back every message; a text that begins with "close " is the code to close with."""
    async for message in socket:
        if isinstance(message, str) and message.startswith("close "):
            await socket.close(int(message[6:]), "as asked")
            return
        await socket.send(message)


async def serve(path):
    async with websockets.unix_serve(echo, path, max_size=MOST):
        await asyncio.Future()


def connect(url, authority):
    trust = ssl.create_default_context(cafile=authority) if url.startswith("wss:") else None
    return websockets.connect(url, ssl=trust, max_size=MOST, compression=None)


async def messages(url, authority, rounds):
    async with connect(url, authority) as socket:
        for _ in range(rounds):
            for size in (0, 1, 125, 126, 65535, 65536, 1000000, 4000000):
                message = os.urandom(size)
                await socket.send(message)
                assert await socket.recv() == message
            parts = [os.urandom(100000) for _ in range(10)]
            await socket.send(parts)  # one message in ten frames
            assert await socket.recv() == b"".join(parts)


async def pings(url, authority, rounds):
    async with connect(url, authority) as socket:
        for _ in range(rounds):
            message = os.urandom(4000000)
            sending = asyncio.ensure_future(socket.send(message))
            for _ in range(5):
                await asyncio.wait_for(await socket.ping(), 20)
            assert await socket.recv() == message
            await sending


async def close(url, authority, rounds):
    for code in (1000, 1001, 4321) * rounds:
        async with connect(url, authority) as socket:
            await socket.send("close %d" % code)
            await asyncio.wait_for(socket.wait_closed(), 20)
            assert socket.close_code == code, socket.close_code
            assert socket.close_reason == "as asked"


async def many(url, authority, rounds):
    async def one(number):
        async with connect(url, authority) as socket:
            for turn in range(10):
                text = "%d in turn %d" % (number, turn)
                await socket.send(text)
                assert await socket.recv() == text

    for _ in range(rounds):
        await asyncio.gather(*(one(number) for number in range(50)))


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2]))
else:
    trials = {"messages": messages, "pings": pings, "close": close, "many": many}
    asyncio.run(trials[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4])))
