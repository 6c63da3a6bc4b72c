"""SIPp as the callers: so many lines at once, each dialled anew when its call is over; or so many calls each second."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What callers who came at a rate say of themselves, by their numbers: when they dialled, and who left unserved."""

    dialled: dict[str, float]
    """Seconds since 1970, by the caller's number."""
    left: frozenset[str]
    over: frozenset[str]
    """Those whose call came to its end as it should."""


async def arrivals(
    folder: Path, number: str, *, server: int, port: int, per_second: float, count: int, patience_s: float
) -> Arrivals:
    """Have so many callers dial a number at a rate, whoever is served or not, and return when the last call is over."""
    name = f"{number}-{time.time_ns()}"
    scenario, noted = folder / f"patient-{name}.xml", folder / f"patient-{name}.log"
    text = (SCENARIOS / "patient.xml").read_text(encoding="utf-8")
    scenario.write_text(text.replace("PATIENCE_MS", str(round(patience_s * 1000))), encoding="utf-8")
    with (folder / f"sipp-{name}.out").open("wb") as out:
        sipp = await asyncio.create_subprocess_exec(
            "sipp", f"127.0.0.1:{server}", "-sf", str(scenario), "-s", number, "-i", "127.0.0.1", "-p", str(port),
            "-mp", str(port + 1), "-r", str(round(per_second * 10)), "-rp", "10000", "-m", str(count), "-l", "5000",
            "-nostdin", "-trace_logs", "-log_file", str(noted),
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            async with asyncio.timeout(count / per_second + patience_s + 20):
                await sipp.wait()
        except TimeoutError:
            sipp.kill()
            await sipp.wait()
    words = [line.split() for line in noted.read_text(encoding="utf-8").splitlines() if line.strip()]
    dialled = {
        f"+4477009{each[1]}": datetime.fromisoformat(f"{each[2]} {each[3]}").timestamp()
        for each in words
        if each[0] == "dialled"
    }
    left, over = (frozenset(f"+4477009{each[1]}" for each in words if each[0] == what) for what in ("left", "over"))
    return Arrivals(dialled, left, over)
