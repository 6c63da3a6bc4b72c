"""Words that mean the channel and no conversation, as carriers in North America ask for them (CTIA's handbook)."""

from enum import StrEnum

_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
_START = frozenset({"start", "unstop"})
_HELP = frozenset({"help", "info"})


class Keyword(StrEnum):
    """What somebody wants who sends nothing but such a word."""

    STOP = "stop"
    START = "start"
    HELP = "help"


def keyword_of(text: str) -> Keyword | None:
    """Return the keyword that a message is, None for any other: a word in a sentence is none."""
    word = text.strip().strip(".!\"'").lower()
    for keyword, words in ((Keyword.STOP, _STOP), (Keyword.START, _START), (Keyword.HELP, _HELP)):
        if word in words:
            return keyword
    return None
