"""`send`: send a text message or an email."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Send, SendFailed, Sent
from trunkline.flows.template import Template
from trunkline.flows.words import Words


class SendStep(Step):
    """Send a text message or an email. Without an address, or when it fails, leave by `failed`, else by `next`."""

    kind: ClassVar[str] = "send"

    send: Words
    by: Literal["sms", "email"] = "sms"
    to: Template = Template.of("{caller}")
    subject: Template | None = None
    next: Name
    failed: Name | None = None

    def enter(self, scene: Scene) -> Turn:
        """Send it."""
        to = scene.text(self.to).strip()
        words = self.send.in_language(scene.language)
        text = scene.text(written) if (written := words.on(self.by) or words.on("chat")) else ""
        if not to or not text:
            return Go(self.failed or self.next, "not sent")
        subject = scene.text(self.subject) if self.subject else None
        return Send(self.by, to, text, subject, scene.language)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on."""
        del scene
        match answer:
            case Sent():
                return Go(self.next)
            case SendFailed():
                return Go(self.failed or self.next, "not sent")
            case _:
                raise UnfitAnswer("a step of kind send", answer)

    def ways(self) -> Sequence[Way]:
        """List both ways."""
        failed = (Way(self.failed, ("failed",), "failed goes to", by_itself=True),) if self.failed else ()
        return (Way(self.next, ("next",), "next goes to", by_itself=True), *failed)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List none that is said on the interaction's own medium."""
        return ()

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the address, the subject and the texts."""
        own = [(("to",), self.to), (("subject",), self.subject)]
        said = [(("send",), text) for text in self.send.all_texts()]
        return [(loc, template) for loc, template in (*own, *said) if template]
