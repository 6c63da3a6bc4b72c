"""The words of AGI: how a command is written, and what its result says. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_RESULT = re.compile(
    r"(?P<code>\d{3})[ -](?:result=(?P<result>-?\d+))?(?: \((?P<why>[^)]*)\))?(?: endpos=(?P<end>\d+))?"
)


@dataclass(frozen=True, slots=True)
class AgiResult:
    """What a command came to: `why` is the word in brackets; `samples` is how far a sound was played or recorded."""

    code: int
    value: int
    why: str
    samples: int

    @property
    def key(self) -> str | None:
        """The key that ended the command."""
        return chr(self.value) if self.code == 200 and self.value > 0 else None

    @property
    def is_failed(self) -> bool:
        """Whether the command could not be carried out: the caller hung up, or it was no good."""
        return self.code != 200 or self.value < 0


def command(verb: str, *arguments: str) -> str:
    """Return an AGI command; every argument is quoted, so that blanks, quotes and backslashes arrive as they are."""
    return " ".join([verb, *(quote(argument) for argument in arguments)])


def quote(argument: str) -> str:
    """Return one argument in quotes, as res_agi's parse_args() reads them."""
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def result(encoded: str) -> AgiResult:
    """Return what the `Result` header of an AsyncAGIExec says (percent-encoded; 1024 bytes at most).

    Text that is no result has the code 0.
    """
    found = _RESULT.search(unquote(encoded, errors="replace"))
    if found is None:
        return AgiResult(0, -1, "", 0)
    return AgiResult(int(found["code"]), int(found["result"] or -1), found["why"] or "", int(found["end"] or 0))
