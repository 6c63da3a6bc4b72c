"""The JSON Schema of flow files: what editors complete, explain and underline.

Made from the very records that read the files. Draft 7, which every editor's YAML plug-in knows.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from trunkline.flows import fields, words
from trunkline.flows.fields import KEYS
from trunkline.flows.loader import Head
from trunkline.flows.steps import KINDS

DIALECT = "http://json-schema.org/draft-07/schema#"
NAME = "^[A-Za-z][A-Za-z0-9_-]{0,63}$"
DURATION = "^[0-9]{1,6}(s|m|h)$"
_PATTERNS: Mapping[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": NAME},
    "duration": {"type": "string", "pattern": DURATION},
    "rest": {"type": "string", "pattern": "^([0-9]{1,6}(s|m|h)|[0-9]{1,2}d)$"},
    "key": {"type": "string", "enum": list(KEYS)},
    "number": {"type": "string", "pattern": r"^\+?[0-9]{1,15}$"},
    "language": {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z]{2})?$"},
    "_recording_name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"},
}
_SHORT_WORDS = frozenset({"_from_text", "_by_language"})
_WORDS_BY_LANGUAGE = {
    "^[a-z]{2}(-[A-Z]{2})?$": {"description": "What is said in this language: a text, or a text for each medium."}
}

_MEANINGS = {
    "flow": "The flow's name; no two files share one.",
    "title": "The name as agents read it.",
    "media": "Where it runs: voice, chat, sms, email. Every prompt and choice is checked for each.",
    "language": "The language of its texts, such as en-GB or es-MX.",
    "languages": "Further languages that callers may be served in.",
    "entry": "What leads into this flow.",
    "numbers": "Dialled numbers as the trunk sends them, in quotes; + or not makes no difference.",
    "any_other_number": "true: every number that no flow names leads here; one file only.",
    "channels": "Channels that lead here: web, sms, mail.",
    "answered": "(wait) Where somebody goes on who writes meanwhile.",
    "given": "(consent) Whether they consent: a value, true if left out.",
    "for_agents": "true: agents may hand their conversations to this flow.",
    "start": "The first step.",
    "steps": "What happens, step by step. Each step's first key says what it does.",
    "next": "The step after this one.",
    "go": "The step to go to.",
    "save": "The name under which the answer is kept.",
    "as": "What kind of answer is wanted.",
    "length": "How many characters a right answer has.",
    "min": "The fewest characters of a right answer.",
    "max": "The most characters of a right answer.",
    "no_answer": "What to do about silence.",
    "no_match": "What to do about an answer that fits nothing.",
    "after": "How long until then, such as 20s, 5m, 1h.",
    "tries": "How often the question is put in all, 1 to 10.",
    "choices": "What can be chosen.",
    "key": "The telephone key, in quotes: 0 to 9, * or #.",
    "label": "What the choice is called.",
    "phrases": "Other words for it, for those who speak or type.",
    "open": "The step while the calendar is open.",
    "closed": "The step while it is closed.",
    "queue": "A queue of the centre file.",
    "priority": "0 (if left out) to 100; higher goes first.",
    "skills": "What the agent must be able to do, each with the least level.",
    "agent": "Whom the caller is kept for: name (a log-in name, or a value of the flow), and for how long (wait).",
    "prefer": "Skills that are asked for first, but not insisted on.",
    "relax": "What is asked instead of skills as the wait grows; a stage without skills asks for none.",
    "while_waiting": "What a waiting caller hears; what is left out comes from the queue.",
    "music": "The music on hold.",
    "announce": "What is told while waiting: position, wait.",
    "every": "How often it is told.",
    "wait": "How long; if left out, for good.",
    "overflow": "Where to go when nobody came in time.",
    "offer_callback": "Offer waiting callers to call them back.",
    "at_most": "The longest message.",
    "text": "The text for every medium that has none of its own.",
    "voice": "The text that is spoken.",
    "chat": "The text in a chat.",
    "sms": "The text in a short message.",
    "email": "The text in an email.",
    "recording": "A file of the folder prompts, without folder and .wav. On voice it wins over the text.",
    "found": "The step when it was found.",
    "missing": "The step when there is none.",
    "failed": "The step when it could not be done.",
    "timeout": "How long to wait for an answer.",
    "when": "The condition: names, comparisons, and, or, not.",
    "say": "What to say.",
    "to": "Who gets it.",
    "by": "By which kind of address.",
    "get": "The address to ask; values in braces are filled in.",
    "post": "The address to send to; values in braces are filled in.",
    "body": "What is sent along, as JSON.",
    "headers": "Further headers of the request.",
    "number": "The telephone number; the one it came from if left out.",
    "existing": "The step when a callback was planned before.",
    "no_number": "The step when there is no number to call back.",
    "at": "The time agreed on.",
    "unknown": "The step when the caller cannot be told apart.",
    "name": "A person's name, or an agent's log-in name.",
    "else": "The step when no condition holds.",
    "subject": "The email's subject.",
}


class _Editors(GenerateJsonSchema):
    """What our own readers of names, lengths of time and words accept, said in JSON Schema."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """Say the pattern that a reader checks."""
        return dict(_PATTERNS.get(_called(schema), {})) or super().function_after_schema(schema)

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Say what is accepted before our reader turns it into something else."""
        if pattern := _PATTERNS.get(_called(schema)):
            return dict(pattern)
        inner = super().function_before_schema(schema)
        if _called(schema) in _SHORT_WORDS:
            return {"anyOf": [{"type": "string", "minLength": 1}, inner]}
        if _called(schema) == "_listed":
            return {"anyOf": [{"type": "string"}, inner]}
        return inner


def _called(schema: core_schema.AfterValidatorFunctionSchema | core_schema.BeforeValidatorFunctionSchema) -> str:
    """Return the name of one of our readers, nothing for any other's."""
    function: Any = schema["function"]["function"]
    ours = getattr(function, "__module__", "") in {fields.__name__, words.__name__}
    return function.__name__ if ours or getattr(function, "__name__", "") == "_listed" else ""


def schema_of_flows() -> dict[str, Any]:
    """Return the schema of a flow file."""
    kinds: list[type[BaseModel]] = [Head, *(KINDS[name] for name in sorted(KINDS))]
    inputs: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in kinds]
    places, made = models_json_schema(inputs, ref_template="#/definitions/{model}", schema_generator=_Editors)
    definitions: dict[str, Any] = made["$defs"]
    called = {model: places[model, "validation"]["$ref"].rpartition("/")[2] for model, _ in inputs}
    for definition in definitions.values():
        _explained(definition)
    head = definitions.pop(called[Head])
    for name in sorted(KINDS):
        step = definitions[called[KINDS[name]]]
        first = step["properties"].pop(name)
        step["properties"] = {name: {"description": step.get("description", ""), **first}, **step["properties"]}
        step["required"] = sorted({name, *step.get("required", [])}, key=list(step["properties"]).index)
        step["title"] = name
    steps = {
        "description": _MEANINGS["steps"],
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": {"$ref": "#/definitions/step"},
    }
    definitions["step"] = {
        "description": "One step. Its first key says what it does.",
        "type": "object",
        "oneOf": [{"$ref": f"#/definitions/{called[KINDS[name]]}"} for name in sorted(KINDS)],
    }
    return {
        "$schema": DIALECT,
        "title": "A Trunkline flow file",
        "description": "What happens to somebody who calls or writes, before an agent talks to them.",
        "type": "object",
        "properties": {**head["properties"], "steps": steps},
        "required": [*head["required"], "steps"],
        "additionalProperties": False,
        "definitions": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return it as it is committed."""
    return json.dumps(schema_of_flows(), indent=2, ensure_ascii=False) + "\n"


def _explained(definition: dict[str, Any]) -> None:
    """Give each key what an editor shows for it, and take away what only Python cares about."""
    definition.pop("title", None)
    properties: Mapping[str, dict[str, Any]] = definition.get("properties", {})
    for name, part in properties.items():
        part.pop("title", None)
        # As Python has them, which is not how they are written.
        part.pop("default", None)
        if "description" not in part and name in _MEANINGS:
            part["description"] = _MEANINGS[name]
    if "languages" in properties and "recording" in properties:
        definition["patternProperties"] = _WORDS_BY_LANGUAGE
