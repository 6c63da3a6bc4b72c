"""The arguments of a desk's commands, checked: whatever a desk sends, it is what it should be or a BadCommand."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from trunkline.core.errors import Rejected
from trunkline.core.mail_address import is_mail_address
from trunkline.floor.text_desk import MOST_COPIES, MOST_FILES, LetterHead, Writing

Args = Mapping[str, Any]

LONGEST_SUBJECT = 200
LONGEST_LINE = 4000
"""Of addresses as they are typed: so many as a mail may have, with their names."""
MOST_REPLIES = 20
_HIGHEST = 2**53 - 1
"""The highest whole number that browsers count to."""


class BadCommand(Rejected):
    """The desk sent something that is no command."""


def text_in(args: Args, name: str) -> str:
    """Return a text that must be there."""
    value = args.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"{name} must be text")
    return value


def uuid_in(args: Args, name: str) -> str:
    """Return an id that must be there."""
    try:
        return str(UUID(text_in(args, name)))
    except ValueError:
        raise BadCommand(f"{name} must be an id") from None


def version_in(args: Args, name: str) -> int:
    """Return a count that must be there."""
    value = args.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _HIGHEST:
        raise BadCommand(f"{name} must be a whole number above 0")
    return value


def replies_in(args: Args) -> tuple[str, ...]:
    """Return the ids of replies, where there are any."""
    given = args.get("replies", [])
    if not isinstance(given, list) or len(given) > MOST_REPLIES or not all(isinstance(each, str) for each in given):
        raise BadCommand(f"replies must be a list of at most {MOST_REPLIES} ids")
    return tuple(dict.fromkeys(given))


def letter_head_in(args: Args) -> LetterHead | None:
    """Return what a mail has beside its words, where the desk gives it."""
    if args.get("letter") is None:
        return None
    head = args["letter"]
    if not isinstance(head, dict):
        raise BadCommand("letter must be an object")
    return LetterHead(
        " ".join(_line(head, "subject", LONGEST_SUBJECT).split()), _addresses(head, "cc"), _addresses(head, "bcc"),
        _files(head),
    )  # fmt: skip


def writing_in(args: Args) -> Writing:
    """Return a draft as it is so far: nothing in it needs to be whole yet."""
    return Writing(
        version_in(args, "version"), text_in(args, "text"), _line(args, "subject", LONGEST_SUBJECT),
        _line(args, "cc", LONGEST_LINE), _line(args, "bcc", LONGEST_LINE), _files(args), replies_in(args),
    )  # fmt: skip


def _line(args: Args, name: str, longest: int) -> str:
    value = args.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise BadCommand(f"{name} must be text of at most {longest} characters")
    return value


def _files(args: Args) -> tuple[str, ...]:
    files = args.get("files", [])
    if not isinstance(files, list) or len(files) > MOST_FILES:
        raise BadCommand(f"files must be a list of at most {MOST_FILES}")
    return tuple(uuid_in({"file": each}, "file") for each in files)


def _addresses(head: Args, name: str) -> tuple[str, ...]:
    given = head.get(name, [])
    if not isinstance(given, list) or len(given) > MOST_COPIES or not all(isinstance(each, str) for each in given):
        raise BadCommand(f"{name} must be a list of at most {MOST_COPIES} addresses")
    wrong = [each for each in given if not is_mail_address(each.strip())]
    if wrong:
        raise BadCommand(f"{wrong[0][:100]!r} is no address")
    return tuple(dict.fromkeys(each.strip().lower() for each in given))
