"""The doors to the web: one application with all of them, made of the parts of the service."""

from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from trunkline.floor.administration import Administration
from trunkline.floor.agent import Desk
from trunkline.floor.centre_board import CentreBoard
from trunkline.floor.conversation_board import ConversationBoard
from trunkline.floor.flow_board import FlowBoard
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.helping import Helping
from trunkline.floor.hub import Hub
from trunkline.floor.replies import Replies
from trunkline.floor.state import Floor
from trunkline.floor.supervision import Supervision
from trunkline.floor.text_desk import TextDesk
from trunkline.floor.view import promise
from trunkline.floor.waiting_board import WaitingBoard
from trunkline.ports.store import Health
from trunkline.settings import Settings
from trunkline.store.postgres import PostgresStore
from trunkline.texts import Written
from trunkline.web.centre import CentreDoor
from trunkline.web.channels import ChannelsDoor
from trunkline.web.chat import ChatPages
from trunkline.web.conversations import ConversationsDoor
from trunkline.web.desk_commands import desk_commands
from trunkline.web.desk_socket import DeskSocket
from trunkline.web.flows import FlowsDoor
from trunkline.web.log_in import LogIn
from trunkline.web.mails import MailsDoor
from trunkline.web.relays import RelaysDoor
from trunkline.web.server import STATIC, HealthDoor, Recordings, web_application
from trunkline.web.waiting import WaitingDoor
from trunkline.web.writing import WritingDoor


def doors(  # noqa: PLR0917
    settings: Settings,
    store: PostgresStore,
    floor: Floor,
    hub: Hub,
    desk: Desk,
    text_desk: TextDesk,
    written: Written,
    *,
    to_flow: HandToFlow,
    helping: Helping,
    administration: Administration,
    flow_board: FlowBoard,
    voicemails: Path,
    parts: Callable[[], Mapping[str, Health]],
    serving: Callable[[], bool],
) -> web.Application:
    """Return the application; while `serving` is false, all but the door of health are shut."""
    origins = frozenset({settings.public_url}) if settings.public_url else frozenset[str]()
    log_in = LogIn(floor, desk, store, secure=settings.url.startswith("https:"))
    commands = desk_commands(desk, text_desk, Supervision(floor), to_flow, helping)
    return web_application(
        log_in=log_in,
        socket=DeskSocket(floor.clock, hub, commands, log_in, origins=origins),
        recordings=Recordings(floor, store, log_in, voicemails),
        flows=FlowsDoor(flow_board, log_in),
        centre=CentreDoor(CentreBoard(administration), log_in, origins=origins),
        conversations=ConversationsDoor(
            ConversationBoard(floor, written.levels, written.channels), log_in, floor, store
        ),
        waiting=WaitingDoor(WaitingBoard(floor), log_in),
        channels_page=ChannelsDoor(written.board, log_in, origins=origins),
        mails=MailsDoor(
            floor, store, store, written.viewing, log_in, file_of=written.file_of, attaching=text_desk.files,
            origins=origins,
        ),
        relays=RelaysDoor(written.relays, log_in),
        writing=WritingDoor(Replies(lambda: floor.centre, written.rich), log_in),
        chat_pages=ChatPages(written.chats, STATIC / "chat"),
        channels=written.doors,
        health=HealthDoor(
            parts, flow_board.served, written.health, serving=serving, routing=lambda: promise(floor),
        ),
        sip_ws_port=settings.sip_ws_port,
    )  # fmt: skip
