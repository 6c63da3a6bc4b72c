"""All that a flow can say aloud, so that it can be made before the first caller."""

from trunkline.flows.flow import Flow
from trunkline.flows.steps.menu import MenuStep
from trunkline.flows.talk import Prompt


def prompts_of(flow: Flow) -> list[Prompt]:
    """Return every prompt that the flow can ask for on voice, each once, in the file's order."""
    if "voice" not in flow.media:
        return []
    prompts: dict[Prompt, None] = {}
    for step in flow.steps.values():
        for _, words in step.words():
            prompts |= dict.fromkeys(words.prompts("voice", flow.language))
        if isinstance(step, MenuStep) and not step.menu.voice_is_whole:
            prompts |= dict.fromkeys(step.read_out(flow.language))
    return list(prompts)
