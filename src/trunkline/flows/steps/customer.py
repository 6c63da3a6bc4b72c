"""`customer`: find who this is, or note somebody new."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, CustomerFound, FindCustomer
from trunkline.flows.template import Template


class CustomerStep(Step):
    """Find the customer with an address, or create one; later steps read `customer`."""

    kind: ClassVar[str] = "customer"

    customer: Template
    by: Literal["phone", "email"] = "phone"
    name: Template | None = None
    next: Name
    unknown: Name | None = None

    def enter(self, scene: Scene) -> Turn:
        """Look, unless there is no address."""
        address = scene.text(self.customer).strip()
        if not address:
            return Go(self.unknown or self.next)
        return FindCustomer(self.by, address, (scene.text(self.name).strip() or None) if self.name else None)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Keep what is known of them."""
        del scene
        if isinstance(answer, CustomerFound):
            return Go(self.next, save={"customer": dict(answer.facts)})
        raise UnfitAnswer("a step of kind customer", answer)

    def ways(self) -> Sequence[Way]:
        """List the way on, and the one for those without an address."""
        unknown = (Way(self.unknown, ("unknown",), "unknown goes to", by_itself=True),) if self.unknown else ()
        return (Way(self.next, ("next",), "next goes to", by_itself=True), *unknown)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the address and the name."""
        own = [(("customer",), self.customer), (("name",), self.name)]
        return [(loc, template) for loc, template in own if template]
