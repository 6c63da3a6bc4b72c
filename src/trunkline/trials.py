"""Carries out the tests beside the flows in a process of its own, within a time."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from trunkline.core.errors import Unavailable
from trunkline.flows.round import Round, round_from_json

WITHIN_S = 60.0
"""How long all tests of a folder may take together; a thousand of them take some seconds."""
_LAST_WORDS = 300


async def round_of_tests(folder: Path, centre_file: Path, *, within_s: float = WITHIN_S) -> Round:
    """Return what the tests of a folder came to; raises Unavailable. Cancelled, it leaves no process behind."""
    words = [sys.executable, "-m", "trunkline.flows.round", str(folder), str(centre_file)]
    try:
        process = await asyncio.create_subprocess_exec(*words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    except OSError as fault:
        raise Unavailable(f"the tests could not be carried out: {fault}") from fault
    try:
        async with asyncio.timeout(within_s):
            written, complaints = await process.communicate()
    except TimeoutError:
        raise Unavailable(f"the tests did not come to an end within {within_s:g} s", retry=False) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip()[-_LAST_WORDS:]
        raise Unavailable(f"the tests could not be carried out: {last or f'exit code {process.returncode}'}")
    try:
        return round_from_json(written)
    except (ValueError, KeyError, TypeError) as fault:
        raise Unavailable(f"what the tests came to cannot be read: {fault}") from fault
