"""Files that agents attach: kept as they are uploaded, and looked at by what their channel takes."""

from collections.abc import Collection, Mapping, Sequence

from trunkline.core.errors import Rejected
from trunkline.core.file_type import name_for, type_of
from trunkline.core.ids import AgentId, new_id
from trunkline.floor.state import Floor, NoSuch
from trunkline.ports.channel import Channel
from trunkline.ports.files import AttachedFile, FileFacts, FileRule, Files

LARGEST_FILES = 20 * 2**20
"""What may be uploaded at once, and goes in one mail."""
_MB = 2**20


class Unfit(Rejected):
    """A file that a channel does not take; the text says why, and what it takes."""


class Attaching:
    """What agents attach to what they write."""

    def __init__(self, floor: Floor, channels: Mapping[str, Channel], files: Files) -> None:
        self._floor = floor
        self._channels = channels
        self._files = files

    def rule(self, channel: str) -> FileRule:
        """Return what files a channel takes; raises NoSuch."""
        if channel not in self._channels:
            raise NoSuch(f"there is no channel {channel!r}")
        return self._channels[channel].files

    async def attach(
        self, agent: AgentId, name: str, kind: str, data: bytes, *, channel: str | None = None
    ) -> AttachedFile:
        """Keep what an agent uploads. For a channel that asks for types it has the type and the name that it really is.

        Raises Unfit where the channel does not take it.
        """
        rule = self.rule(channel) if channel is not None else FileRule(1, LARGEST_FILES)
        if rule.types:
            kind = type_of(data) or "application/octet-stream"
            name = name_for(name, kind) if kind in rule.types else name
        file = AttachedFile(new_id(), name, kind, data, agent)
        refuse_unfit([_facts(file)], rule)
        await self._files.keep_file(file, at=self._floor.clock.now())
        return file

    async def facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        """Return what is known of those of these files that are here."""
        return await self._files.file_facts(ids)

    async def attached(
        self, agent: AgentId, ids: Sequence[str], *, channel: str, also: Collection[str] = ()
    ) -> Sequence[FileFacts]:
        """Return what is attached; raises NoSuch for what is not this agent's, and Unfit.

        `also` are files of others that are this agent's now.
        """
        if not ids:
            return ()
        rule = self.rule(channel)
        found = await self._files.file_facts(ids)
        if len(found) < len(ids) or any(each.agent != agent and each.id not in also for each in found):
            raise NoSuch("a file that was attached is not here any more: attach it again")
        refuse_unfit(found, rule)
        if rule.types:
            # What came by another way than `attach` says what it likes.
            whole = [await self._files.file(each) for each in ids]
            refuse_unfit([_facts(each, type_of(each.data) or "") for each in whole if each is not None], rule)
            if any(each.message is not None for each in found):
                raise Unfit("a file that was attached was sent already: attach it again")
        return found


def refuse_unfit(files: Sequence[FileFacts], rule: FileRule) -> None:
    """Raise Unfit where a channel does not take these files."""
    if rule.why_not:
        raise Unfit(rule.why_not)
    if len(files) > rule.most:
        raise Unfit(f"at most {rule.most} files go in one message")
    wrong = next((each for each in files if rule.types and each.type not in rule.types), None)
    if wrong is not None:
        raise Unfit(f"{wrong.name} is of a kind that is not sent here, whatever its name says")
    if sum(each.size for each in files) > rule.largest:
        raise Unfit(f"files of {rule.largest // _MB} MB go in one message, taken together")


def _facts(file: AttachedFile, kind: str | None = None) -> FileFacts:
    return FileFacts(file.id, file.name, file.type if kind is None else kind, len(file.data), file.agent)
