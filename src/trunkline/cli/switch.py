"""Our Asterisk as a part of a run: started or adopted, and ended for certain.

What the provision starts may be a wrapper (bwrap) around the Asterisk, and the end of a wrapper is not the end of what
it wraps. So the Asterisk itself is looked for, by the configuration file that it was started with.
"""

import contextlib
import json
import os
import signal
from datetime import timedelta
from pathlib import Path

from trunkline import secrets
from trunkline.cli.progress import Report
from trunkline.cli.roster import agents_of
from trunkline.cli.supervisor import Part
from trunkline.core.errors import Misconfigured
from trunkline.processes import Process, processes
from trunkline.settings import Settings
from trunkline.store.ready import migrated, switch_account
from trunkline.telephony import provision
from trunkline.telephony.shared import shared_folders

_DATABASE_WITHIN = timedelta(seconds=60)


async def start_switch(settings: Settings, database_url: str, report: Report) -> Part:
    """Our Asterisk, running; an orphan of an earlier one is ended first."""
    for orphan in switches_of(settings.data_dir):
        if noted_switch(settings) is None:
            report(f"ending the Asterisk that an earlier run left (process {orphan.pid})")
            await orphan.stop(patience_s=5.0)
    # Before Asterisk asks for the first account, there must be accounts to ask for.
    await migrated(database_url, within=_DATABASE_WITHIN, report=report)
    account = await switch_account(database_url, secrets.switch_database_password(settings), report)
    running = await provision.ensure(
        settings,
        report,
        database_url=account,
        ami_secret=secrets.ami_secret(settings),
        ring_group=_every_phone(settings),
    )

    async def stop() -> None:
        for switch in switches_of(settings.data_dir):
            await switch.stop(patience_s=5.0)
        await running.stop()

    def kill() -> None:
        for switch in switches_of(settings.data_dir):
            switch.send(signal.SIGKILL)

    return Part(running.ended, stop, kill)


def switches_of(data_dir: Path) -> list[Process]:
    """Every Asterisk that runs on the configuration of this data directory, in whatever root."""
    ours = shared_folders(data_dir).sounds.parent / "etc" / "asterisk.conf"
    found = []
    for process in processes():
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
            if b"-C" not in words[:-1]:
                continue
            theirs = os.fsdecode(words[words.index(b"-C") + 1])
            # Its root directory, seen through /proc: the same name may be another file there.
            if Path(f"/proc/{process.pid}/root{theirs}").samefile(ours):
                found.append(process)
    return found


def noted_switch(settings: Settings) -> Process | None:
    """The process that the provision noted down (asterisk.json: pid, started as boot/ticks), while it lives."""
    try:
        kept = json.loads((settings.run_dir / "asterisk.json").read_text(encoding="utf-8"))
        process = Process.of(int(kept["pid"]))
        ticks = int(str(kept["started"]).rpartition("/")[2])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if process and process.started == ticks else None


def _every_phone(settings: Settings) -> list[str]:
    """The endpoints that the switch rings by itself when the service is away for long."""
    agents, problems = agents_of(settings)
    if problems:
        raise Misconfigured("\n".join(str(problem) for problem in problems))
    return [endpoint for agent in agents for endpoint in (agent, f"{agent}-web")]
