"""The next service, should the present one die: a process that has read its program already, and waits for the word."""

import contextlib
import os
import sys
from dataclasses import dataclass, field
from typing import IO

from trunkline.processes import Process, spawn

_GO = b"go\n"
_ARGV = [sys.executable, "-m", "trunkline", "serve", "--spare"]


@dataclass(slots=True)
class Spare:
    """A process that becomes the service when it is told to, and ends when nobody is there any more to tell it."""

    process: Process
    _word: int = field(repr=False)

    @classmethod
    def made(cls, out: IO[bytes], environment: dict[str, str]) -> "Spare":
        """Start one; raises OSError."""
        reads, word = os.pipe()
        try:
            process = spawn(_ARGV, out=out, stdin=reads, env={**os.environ, **environment})
        except BaseException:
            os.close(word)
            raise
        finally:
            os.close(reads)
        return cls(process, word)

    def begin(self) -> bool:
        """Let it become the service; False where it lives no more."""
        with contextlib.suppress(OSError):
            os.write(self._word, _GO)
        self.dismiss()
        return self.process.alive

    def dismiss(self) -> None:
        """Let it go, where it has not begun."""
        if self._word >= 0:
            os.close(self._word)
        self._word = -1


def is_wanted() -> bool:
    """In the spare: return True once it is to begin, False when nobody wants it any more."""
    return sys.stdin.buffer.readline() == _GO
