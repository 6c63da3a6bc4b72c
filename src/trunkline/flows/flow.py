"""A flow that loaded without a mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.flows.steps.step import Step
from trunkline.flows.words import AnyWords


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow file. `version` is a short hash of the file's bytes: the same text is the same version for ever.

    `numbers` are dialled numbers as the trunk writes them; `any_other_number` takes every number no flow names.
    """

    name: str
    title: str
    version: str
    media: tuple[str, ...]
    language: str
    numbers: tuple[str, ...]
    any_other_number: bool
    channels: tuple[str, ...]
    start: str
    steps: Mapping[str, Step]
    languages: tuple[str, ...] = ()
    """All that it speaks, `language` first."""
    articles: Mapping[str, AnyWords] = field(default_factory=dict)
    reads_customer: bool = False
    """Whether any step decides or speaks by what is known of the customer."""
    inner: frozenset[str] = frozenset()
    """The flows that its steps run."""
    for_agents: bool = False
    """Whether agents may hand a conversation to it."""
