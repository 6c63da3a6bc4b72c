"""`article`: tell what the knowledge base says."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.core.errors import Misconfigured
from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Mention, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Done, Say


class ArticleStep(Step):
    """Say an article of the folder `articles`, and go on."""

    kind: ClassVar[str] = "article"

    article: Name
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Say it; raises Misconfigured when it is gone."""
        words = scene.articles.get(self.article)
        if words is None:
            raise Misconfigured(f'there is no article "{self.article}", which a flow tells')
        return Say(scene.prompts(words))

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on when all was said."""
        del scene
        if isinstance(answer, Done):
            return Go(self.next)
        raise UnfitAnswer("a step of kind article", answer)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def mentions(self) -> Sequence[Mention]:
        """Name the article."""
        return (Mention("article", self.article, ("article",)),)
