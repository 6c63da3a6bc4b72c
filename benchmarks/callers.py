"""SIPp as the callers: so many lines at once, each dialled anew when its call is over."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from benchmarks.centre import Manager

SCENARIOS = Path(__file__).parent / "scenarios"


@asynccontextmanager
async def lines(
    folder: Path, scenario: str, number: str, *more: str, server: int, port: int, at_once: int, per_second: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Keep `at_once` calls to a number up until the block ends."""
    with (folder / f"sipp-{scenario}-{number}.out").open("ab") as out:
        sipp = await asyncio.create_subprocess_exec(
            "sipp", f"127.0.0.1:{server}", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-s", number,
            "-i", "127.0.0.1", "-p", str(port), "-mp", str(port + 1), "-l", str(at_once), "-r", str(per_second),
            "-nostdin", "-trace_err", "-error_file", str(folder / f"sipp-{number}.errors"), *more,
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield sipp
    finally:
        if sipp.returncode is None:
            sipp.send_signal(signal.SIGUSR1)
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await sipp.wait()


async def hang_everybody_up(manager: Manager, sipp: asyncio.subprocess.Process) -> None:
    """End every call on the switch, and with them SIPp, which dials no more."""
    if sipp.returncode is None:
        sipp.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(60):
        while " 0 active channels" not in f" {await manager.command('core show channels count')}":
            for technology in ("PJSIP", "Local"):
                with suppress(RuntimeError):  # there is none (left)
                    await manager.act(Action="Hangup", Channel=f"/^{technology}\\/.*/")
            await asyncio.sleep(0.5)
    try:
        async with asyncio.timeout(5):
            await sipp.wait()
    except TimeoutError:
        sipp.kill()
        await sipp.wait()
