#!/usr/bin/env python3
# A proxy that speaks SOCKS 4a, for tests: no package has a small one.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""usage: socks4a.py PORT

Listens on PORT of 127.0.0.1 and connects to what it is asked for, a name or an
address, which it tells on standard output.  The protocol is that of
https://www.openssh.com/txt/socks4a.protocol.
"""

import asyncio
import socket
import sys


async def pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def serve(reader, writer):
    try:
        version, command, *port = await reader.readexactly(4)
        address = await reader.readexactly(4)
        await reader.readuntil(b'\0')  # the user
        if version != 4 or command != 1:
            raise ValueError(version, command)
        host = socket.inet_ntoa(address)
        if address[:3] == b'\0\0\0' and address[3] != 0:
            host = (await reader.readuntil(b'\0'))[:-1].decode()
        port = port[0] * 256 + port[1]
        print('connected to %s:%d' % (host, port), flush=True)
        theirs = await asyncio.open_connection(host, port)
    except (OSError, ValueError, asyncio.IncompleteReadError):
        writer.write(b'\0\x5b' + bytes(6))
        writer.close()
        return
    writer.write(b'\0\x5a' + bytes(6))
    await asyncio.gather(pass_on(reader, theirs[1]),
                         pass_on(theirs[0], writer))


async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
