"""All that a flow can say aloud to everybody alike, so that it can be made before the first caller."""

from trunkline.core.centre import Centre
from trunkline.core.ids import QueueId
from trunkline.flows.flow import Flow
from trunkline.flows.steps.menu import MenuStep
from trunkline.flows.talk import Prompt


def prompts_of(flow: Flow) -> list[Prompt]:
    """Return every fixed prompt that the flow can ask for on voice, each once, in the file's order.

    Texts with values in them can be made only when somebody is there to hear them.
    """
    if "voice" not in flow.media:
        return []
    prompts: dict[Prompt, None] = {}
    for language in flow.languages or (flow.language,):
        for step in flow.steps.values():
            for loc, words in step.words():
                if loc[-1] != "label":
                    prompts |= dict.fromkeys(words.fixed_prompts(language))
            if isinstance(step, MenuStep):
                prompts |= dict.fromkeys(step.fixed_prompts(language))
    return list(prompts)


def whisper_of(queue: QueueId, centre: Centre) -> Prompt | None:
    """Return what an agent alone hears of a call of this queue before it is there, None where nothing is to be said."""
    words = centre.queue(queue).whisper
    return Prompt(words, centre.language) if words is not None else None


def whispers_of(centre: Centre) -> list[Prompt]:
    """Return what the agents hear of all the queues, so that it is made before the first call."""
    return [prompt for queue in centre.queues if (prompt := whisper_of(queue, centre)) is not None]
