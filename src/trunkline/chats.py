"""The channels on which people write, made of the channels file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from trunkline.channels.file import channels_in
from trunkline.channels.webchat.webchat import Threads, WebChat
from trunkline.core.errors import Misconfigured
from trunkline.core.ids import AgentId
from trunkline.ports.clock import Clock


def web_chats(
    file: Path, threads: Threads, clock: Clock, agent_name: Callable[[AgentId], str]
) -> Mapping[str, WebChat]:
    """Return the web chats of a channels file, by name; raises Misconfigured with a line for each problem."""
    shapes, problems = channels_in(file)
    if problems:
        raise Misconfigured("\n".join(map(str, problems)))
    return {
        name: WebChat(
            name, title=shape.title, origins=frozenset(shape.origins), threads=threads, clock=clock,
            agent_name=agent_name,
        )
        for name, shape in shapes.items()
    }  # fmt: skip
