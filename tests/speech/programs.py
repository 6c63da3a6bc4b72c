"""Stand-ins for flite and espeak-ng: a prefix command that plays whichever of them are said to be installed."""

import sys
from pathlib import Path

_PROGRAM = """
import io, os, struct, sys, time, wave
installed, argv = {installed!r}, sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(repr(argv) + chr(10))
if argv[0] not in installed:
    sys.exit(127)
text = argv[argv.index("-t") + 1] if argv[0] == "flite" else sys.stdin.read()
if argv[0] == "flite" and os.readlink("/proc/self/fd/0") != os.devnull:
    sys.exit("it reads nothing, and may be over before anything is written to it")
if "fail" in text:
    sys.exit("the voice does not exist")
if "mute" in text:
    sys.exit(3)
if "hang" in text:
    time.sleep(60)
sound = io.BytesIO()
with wave.open(sound, "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(16000)
    out.writeframes(struct.pack("<h", 1000) * (160 * len(text)))
data = b"nonsense" if "garbage" in text else sound.getvalue()
if argv[0] == "flite" and "nowhere" not in text:
    open(argv[argv.index("-o") + 1], "wb").write(data)
elif argv[0] != "flite":
    sys.stdout.buffer.write(data)
"""


def speaking_programs(folder: Path, *installed: str) -> list[str]:
    """Return the prefix; each run is noted in `folder/runs`."""
    script = folder / "programs.py"
    script.write_text(_PROGRAM.format(installed=list(installed), log=str(folder / "runs")))
    return [sys.executable, str(script)]


def runs_of(folder: Path) -> list[list[str]]:
    """Return the command lines that were run."""
    log = folder / "runs"
    lines = log.read_text().splitlines() if log.exists() else []
    return [[part.strip("'\"") for part in line.strip("[]").split(", ")] for line in lines]
