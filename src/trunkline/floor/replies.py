"""The centre's replies as desks fetch them, and what they are filled in with for one conversation."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trunkline.core.centre import Centre
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction
from trunkline.core.reply import ANSWERS, Reply, Text
from trunkline.floor.runs import run_of
from trunkline.floor.state import Floor

Json = dict[str, Any]


class Replies:
    """The replies of the centre in force, written once for all desks; `rich`: the channels whose mails have looks."""

    def __init__(self, centre: Callable[[], Centre], rich: Sequence[str] = ()) -> None:
        self._centre = centre
        self._rich = rich
        self._of: Centre | None = None
        self._packed = b""

    @property
    def revision(self) -> str:
        """Other replies have another one."""
        return self._centre().replies_revision

    def packed(self) -> bytes:
        """Return them as JSON, compressed by gzip: a thousand desks may ask at once."""
        centre = self._centre()
        if centre is not self._of:
            told = {
                "revision": centre.replies_revision,
                "language": centre.language,
                "rich": list(self._rich),
                "replies": [_told(id_, reply) for id_, reply in centre.replies.items()],
            }
            text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            self._packed, self._of = gzip.compress(text.encode("utf-8", "replace"), mtime=0), centre
        return self._packed


def values_of(floor: Floor, interaction: Interaction, agent: AgentId) -> Mapping[str, str]:
    """Return what a reply is filled in with: what the desk shows of a conversation and its agent."""
    profile, run, entry = floor.profiles.get(interaction.id), run_of(interaction), interaction.entry
    known = profile.customer.name if profile is not None and profile.customer is not None else None
    learned = {f"{ANSWERS}{name}": str(value) for name, value in (run.values if run is not None else {}).items()}
    return {
        "customer.name": known or interaction.caller_name,
        "agent.name": floor.agents[agent].name,
        "queue": floor.centre.queue(entry.queue).title if entry is not None else "",
        "centre": floor.centre.name,
        **learned,
    }


def used_as_they_are(centre: Centre, ids: Sequence[str], text: str, values: Mapping[str, str]) -> Mapping[str, bool]:
    """Return which of the centre's replies are among `ids`, and whether a text is just that one."""
    known = {id_: centre.replies[id_] for id_ in ids if id_ in centre.replies}
    return {id_: reply.says(text, values) for id_, reply in known.items()}


def _told(id_: str, reply: Reply) -> Json:
    return {
        "id": id_,
        "title": reply.title,
        "media": sorted(reply.media),
        "queues": sorted(reply.queues) if reply.queues is not None else None,
        "texts": {language: _parts(text) for language, text in reply.texts.items()},
        "subjects": {language: _parts(text) for language, text in reply.subjects.items()},
    }


def _parts(text: Text) -> list[Any]:
    return [part if isinstance(part, str) else {"name": part.name, "otherwise": part.otherwise} for part in text]
