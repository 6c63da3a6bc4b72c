"""`voicemail`: take a message; it becomes a work item in a queue."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from trunkline.core.ids import QueueId
from trunkline.flows.fields import Duration, Name
from trunkline.flows.steps.step import Go, Loc, Mention, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Left, TakeVoicemail
from trunkline.flows.words import Words


class VoicemailStep(Step):
    """Take a message for a queue, then end, or go on where `next` says."""

    kind: ClassVar[str] = "voicemail"

    voicemail: Words
    queue: Name
    at_most: Duration = timedelta(minutes=3)
    next: Name | None = None

    def enter(self, scene: Scene) -> Turn:
        """Ask for the message."""
        prompts = scene.prompts(self.voicemail)
        return TakeVoicemail(prompts, QueueId(self.queue), self.at_most)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on once the message is there."""
        del scene
        if isinstance(answer, Left):
            return Go(self.next)
        raise UnfitAnswer("a step of kind voicemail", answer)

    def ways(self) -> Sequence[Way]:
        """List the way on, or the end: a message is what the caller came to leave."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def mentions(self) -> Sequence[Mention]:
        """Name the queue."""
        return (Mention("queue", self.queue, ("queue",)),)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is said before the beep."""
        return ((("voicemail",), self.voicemail),)
