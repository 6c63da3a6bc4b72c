"""Recordings of callers as the switch writes them: WAV, 8 kHz, 16 bit, mono, with a header of 44 bytes."""

import logging
import struct
from datetime import timedelta
from pathlib import Path

log = logging.getLogger(__name__)

SHORTEST_VOICEMAIL = timedelta(seconds=1)
_HEADER = 44


def length_of(file: Path) -> timedelta:
    """Return how long a recording is, by its size; an absent one is empty."""
    try:
        return timedelta(seconds=max(0, file.stat().st_size - _HEADER) / 16000)
    except FileNotFoundError:
        return timedelta()


def header_mended(file: Path) -> bool:
    """Write the recording's length into its header where a switch that died did not; whether that was needed."""
    size = file.stat().st_size
    with file.open("rb") as recording:
        header = recording.read(_HEADER)
    plain = len(header) == _HEADER and header[:4] == b"RIFF" and header[36:40] == b"data"
    # An odd byte more pads the file to whole words.
    if not plain or size - _HEADER - struct.unpack_from("<I", header, 40)[0] in (0, 1):
        return False
    try:
        with file.open("r+b") as recording:
            recording.seek(4)
            recording.write(struct.pack("<I", size - 8))
            recording.seek(40)
            recording.write(struct.pack("<I", size - _HEADER))
    except PermissionError as fault:
        log.warning("a recording that was cut off cannot be mended", extra={"why": fault.strerror})
        return False
    return True
