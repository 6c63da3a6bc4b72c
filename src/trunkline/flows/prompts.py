"""All that a flow can say aloud to everybody alike, so that it can be made before the first caller."""

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
