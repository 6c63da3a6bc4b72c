"""What a desk can ask for, by name; what comes with a command is checked here and nowhere else."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from trunkline.core.agent import PhoneKind, Presence
from trunkline.core.ids import AgentId, InteractionId, MessageId, OfferId, QueueId
from trunkline.floor.agent import Desk
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.helping import Helping
from trunkline.floor.supervision import Supervision
from trunkline.floor.text_desk import TextDesk
from trunkline.web.args import BadCommand, letter_head_in, replies_in, version_in, writing_in
from trunkline.web.args import text_in as _text
from trunkline.web.args import uuid_in as _uuid

Choice = TypeVar("Choice", Presence, PhoneKind)
Command = Callable[[AgentId, dict[str, Any]], Awaitable[None]]


def desk_commands(
    desk: Desk, texts: TextDesk, supervision: Supervision, to_flow: HandToFlow, helping: Helping
) -> Mapping[str, Command]:
    """Return every command; each takes the agent and its arguments, and raises Rejected."""
    return {
        "presence": lambda agent, args: desk.show(
            agent,
            _one_of(Presence, args, "presence"),
            _text(args, "reason") if args.get("reason") is not None else None,
        ),
        "phone": lambda agent, args: desk.choose_phone(agent, _one_of(PhoneKind, args, "kind")),
        "accept": lambda agent, args: desk.accept(agent, OfferId(_text(args, "offer"))),
        "decline": lambda agent, args: desk.decline(agent, OfferId(_text(args, "offer"))),
        "hang_up": lambda agent, args: desk.hang_up(agent, _interaction(args)),
        "wrap_up": lambda agent, args: desk.wrap_up(
            agent, _interaction(args), _text(args, "disposition"), _text(args, "note")
        ),
        "extend_wrap_up": lambda agent, args: desk.extend_wrap_up(agent, _interaction(args)),
        "assign": lambda agent, args: supervision.assign(
            agent, _interaction(args), AgentId(_text(args, "to")) if args.get("to") is not None else None
        ),
        "watch": lambda agent, args: helping.watch(
            agent, _interaction(args) if args.get("interaction") is not None else None
        ),
        "whisper": lambda agent, args: helping.whisper(
            agent, _interaction(args), _text(args, "text"), key=_text(args, "key")
        ),
        "take_over": lambda agent, args: helping.take_over(agent, _interaction(args)),
        "say": lambda agent, args: texts.say(
            agent,
            _interaction(args),
            _text(args, "text"),
            key=_text(args, "key"),
            letter=letter_head_in(args),
            replies=replies_in(args),
            draft=version_in(args, "draft") if args.get("draft") is not None else None,
        ),
        "draft": lambda agent, args: texts.draft(agent, _interaction(args), writing_in(args)),
        "take_back": lambda agent, args: texts.take_back(agent, _interaction(args), MessageId(_uuid(args, "message"))),
        "send_again": lambda agent, args: texts.send_again(
            agent, _interaction(args), MessageId(_uuid(args, "message"))
        ),
        "pass_on": lambda agent, args: texts.pass_on(
            agent,
            _interaction(args),
            QueueId(_text(args, "queue")) if args.get("queue") is not None else None,
            to=AgentId(_text(args, "to")) if args.get("to") is not None else None,
        ),
        "hand_to_flow": lambda agent, args: to_flow.hand(
            agent, _interaction(args), _text(args, "flow"), back=args.get("back") is True
        ),
        "read": lambda agent, args: texts.read(agent, _interaction(args), MessageId(_uuid(args, "message"))),
        "write": lambda agent, args: texts.write(agent, _interaction(args)),
        "note": lambda agent, args: desk.note(agent, _interaction(args), _text(args, "text")),
    }


def _interaction(args: dict[str, Any]) -> InteractionId:
    return InteractionId(_text(args, "interaction"))


def _one_of(kind: type[Choice], args: dict[str, Any], name: str) -> Choice:
    try:
        return kind(str(args.get(name)))
    except ValueError:
        raise BadCommand(f"{name} must be one of {', '.join(each.value for each in kind)}") from None
