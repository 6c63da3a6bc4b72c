"""The peer of `recovery`: the same channels and the same rows, fetched and no more.

`python -m benchmarks.raw_recovery AMI_PORT USER SECRET DATABASE_URL` prints how many channels and rows, and when.
"""

import asyncio
import sys
import time

import asyncpg
from panoramisk.manager import Manager


async def fetch(port: int, user: str, secret: str, url: str) -> None:
    """Ask the switch for every channel and the database for every live interaction."""
    manager = Manager(host="127.0.0.1", port=port, username=user, secret=secret, ping_delay=1000)
    await manager.connect()
    database = await asyncpg.connect(url)
    channels = await manager.send_action({"Action": "Status"}, as_list=True)
    rows = await database.fetch("SELECT * FROM interaction WHERE ended_at IS NULL ORDER BY arrived_at, id")
    print(len(channels), len(rows), time.time_ns(), flush=True)
    await database.close()
    manager.close()


if __name__ == "__main__":
    asyncio.run(fetch(int(sys.argv[1]), *sys.argv[2:5]))
