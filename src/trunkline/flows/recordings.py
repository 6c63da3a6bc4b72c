"""The recordings that flows name: files of the `prompts` folder beside them."""

import wave
from pathlib import Path

from trunkline.flows.problem import Guesser

PROMPTS = "prompts"


def fault_of(file: Path) -> tuple[str, str] | None:
    """Return what is wrong with a recording and what to do, None when it can be played."""
    cure = f"sox {file.name} -r 8000 -c 1 -b 16 new.wav makes a good one"
    try:
        with wave.open(str(file)) as sound:
            if sound.getsampwidth() != 2:
                return f"{file.name} has {8 * sound.getsampwidth()}-bit samples", cure
            return None if sound.getnframes() else (f"{file.name} is silent: it has no samples", "record it again")
    except FileNotFoundError:
        near = Guesser(sorted(other.stem for other in file.parent.glob("*.wav"))).hint(file.stem)
        return f"there is no {file.name} in {PROMPTS}/", near or "put the file there, or remove recording"
    except (OSError, EOFError, wave.Error):
        return f"{file.name} is not a plain WAV file", cure
