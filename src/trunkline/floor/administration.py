"""Which version of the centre is in force, what another would change, and putting it in force on a live floor."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from trunkline.core.centre import Centre
from trunkline.core.centre_version import BY_THE_FILE, CentreVersion, ChangedMeanwhile, Signed, Source
from trunkline.core.errors import Misconfigured, Rejected, Unavailable
from trunkline.floor.state import Floor, NoSuch
from trunkline.flows.document import Document, document_of
from trunkline.flows.library import Library
from trunkline.flows.plan import Plan, changes_between, consequences
from trunkline.flows.problem import Problem
from trunkline.ports.clock import Clock
from trunkline.ports.store import Centres, Health

log = logging.getLogger(__name__)

TakeOver = Callable[[Centre, CentreVersion], Awaitable[None]]
"""Makes another centre true on the floor and for every desk; raises Unavailable when it cannot yet."""


class HasProblems(Rejected):
    """A text with mistakes in it is not applied."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class Archive:
    """The versions as they are stored, and what the one in force says. It stands before there is a floor."""

    def __init__(self, store: Centres, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.in_force: CentreVersion | None = None
        self.document: Document | None = None
        self.fault = ""
        """What is wrong with the centre file as it is on disk, or with a version that could not be put in force."""

    async def open(self, file: bytes | Problem, name: str) -> Centre:
        """Return the centre to begin with: the latest version, once the centre file is taken in if it is another.

        `file` is what the centre file holds, or why it cannot be read. Raises Misconfigured where there is neither.
        """
        await self.take_in(file, name)
        self.in_force = await self.store.centre_in_force()
        if self.in_force is None:
            raise Misconfigured(self.fault)
        text = self.in_force.text.encode()
        self.document, problems = await asyncio.to_thread(document_of, text, name_of(self.in_force))
        if self.document is None:
            told = "\n".join(map(str, problems))
            raise Misconfigured(f"{told}\nmend it with `trunkline config apply FILE`, a file without these mistakes")
        return self.document.centre

    async def take_in(self, file: bytes | Problem, name: str) -> bool:
        """Apply the centre file where its text is another than when it was last taken over; say whether it was.

        One that is wrong leaves what is in force, and `fault` says why.
        """
        sha256 = "" if isinstance(file, Problem) else hashlib.sha256(file).hexdigest()
        if isinstance(file, Problem):
            problems = [file]
        elif sha256 == await self.store.centre_file_seen():
            problems = []
        else:
            document, problems = await asyncio.to_thread(document_of, file, name)
            if document is not None:
                self.fault = ""
                return await self._take_in(file.decode("utf-8-sig"), sha256)
        for problem in problems:
            log.error("problem in the centre file: %s", problem)
        self.fault = "\n".join(map(str, problems))
        return False

    async def _take_in(self, text: str, sha256: str) -> bool:
        signed = Signed(BY_THE_FILE, Source.FILE)
        while True:
            latest = await self.store.centre_in_force()
            at = self.clock.now()
            if latest is not None and latest.text == text:
                await self.store.see_centre_file(sha256, at=at)
                return False
            try:
                base = latest.number if latest is not None else 0
                await self.store.put_centre(text, signed, base=base, at=at, from_file=sha256)
            except ChangedMeanwhile:
                continue  # whoever saves the file means it, whatever else was applied in the same moment
            return True


def name_of(version: CentreVersion) -> str:
    """Return what a version is called where a file's name would stand."""
    return f"version {version.number}"


class Administration:
    """Plans, applies and follows. One thing at a time: whoever applies sees it in force when it returns."""

    def __init__(self, floor: Floor, archive: Archive, library: Library, take_over: TakeOver) -> None:
        self._floor = floor
        self.archive = archive
        self._library = library
        self._take_over = take_over
        self._turn = asyncio.Lock()
        self._unfit = 0
        """A version that could not be read: told of once, then the one before stays in force."""

    @property
    def in_force(self) -> CentreVersion:
        """The version that the floor goes by."""
        assert self.archive.in_force is not None  # noqa: S101 - for mypy: the floor opens with one
        return self.archive.in_force

    @property
    def document(self) -> Document:
        """What that version says."""
        assert self.archive.document is not None  # noqa: S101 - for mypy: the floor opens with one
        return self.archive.document

    def health(self) -> Health:
        """Whether all that was asked for is in force: always ready, since the version before serves."""
        wrong = self.archive.fault.replace("\n", "; ")
        kept = f"version {self.in_force.number} is in force, as before: {wrong}"
        return Health(ready=True, detail=kept if wrong else "")

    async def plan(self, text: str, name: str = "centre") -> Plan:
        """Return what a text would change now, or what is wrong with it."""
        return await asyncio.to_thread(self._plan, text, name)

    def _plan(self, text: str, name: str) -> Plan:
        base, old = self.in_force, self.document
        document, problems = document_of(text.encode(), name)
        if document is None:
            return Plan(base.number, text, problems=tuple(problems))
        return Plan(
            base.number, text, changes_between(old.values, document.values, document.given),
            consequences(
                old.centre, document.centre, interactions=list(self._floor.interactions.values()),
                agents=list(self._floor.agents.values()), drafts=[each.draft for each in self._library.files],
            ),
            rewritten=text != base.text,
        )  # fmt: skip

    async def apply(self, text: str, signed: Signed, *, base: int, name: str = "centre") -> CentreVersion:
        """Put a text in force and return when it is; raises HasProblems, ChangedMeanwhile.

        A text that is in force already makes no version.
        """
        plan = await self.plan(text, name)
        if plan.problems:
            raise HasProblems(plan.problems)
        async with self._turn:
            if base == self.in_force.number and not plan.rewritten:
                return self.in_force
            version = await self.archive.store.put_centre(text, signed, base=base, at=self.archive.clock.now())
            try:
                await self._follow()
            except Unavailable as fault:
                # It is applied; the next look makes it true.
                log.warning("another centre waits for the database", extra={"why": str(fault)})
        return version

    async def version(self, number: int) -> CentreVersion:
        """Return one version; raises NoSuch."""
        version = await self.archive.store.centre_version(number)
        if version is None:
            raise NoSuch(f"there is no version {number}")
        return version

    async def file_saved(self, file: bytes | Problem, name: str) -> None:
        """The centre file is another: take it over, or tell what is wrong with it. Raises Unavailable."""
        if await self.archive.take_in(file, name):
            await self.follow()

    async def follow(self) -> bool:
        """Put in force what was applied since, here or elsewhere; say whether anything was. Raises Unavailable."""
        async with self._turn:
            return await self._follow()

    async def _follow(self) -> bool:
        number = await self.archive.store.centre_number()
        if number in {self.in_force.number, self._unfit, 0}:
            return False
        version = await self.version(number)
        document, problems = await asyncio.to_thread(document_of, version.text.encode(), name_of(version))
        if document is None:
            self._unfit, self.archive.fault = number, "; ".join(map(str, problems))
            log.error("a version of the centre cannot be put in force: %s", self.archive.fault)
            return False
        await self._take_over(document.centre, version)
        self.archive.in_force, self.archive.document = version, document
        facts = {"version": number, "by": version.by, "source": version.source.value}
        log.info("another version of the centre is in force", extra=facts)
        return True
