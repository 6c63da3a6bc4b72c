"""What is worth trying on a flow: the values its own conditions compare with, and one beyond each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.flows.loader import Draft
from trunkline.flows.source import Node
from trunkline.flows.talk import Value

_PATH = re.compile(r"(?<![\w.'\"])([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)(?![\w(])")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"|(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.])|\b(true|false)\b")
_COMPARED = re.compile(r"(\w+(?:\.\w+)*)\s*(==|!=|<=|>=|<|>|\bin\b)\s*('[^']*'|\"[^\"]*\"|[\w.-]+)")
_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null", "none"})
MOST_VARIANTS = 12
OTHERWISE = "something else"


@dataclass(slots=True)
class Samples:
    """For each name that the flow looks into (`order`, `customer`), the parts it reads and values to try for each."""

    parts: dict[str, dict[tuple[str, ...], list[Value]]] = field(default_factory=dict)

    def variants(self, name: str) -> tuple[Mapping[str, Value], ...]:
        """Return records for a name: a plain one, then each other value of each part in turn."""
        return _variants(self.parts.get(name, {}))

    def bodies(self) -> tuple[Mapping[str, Value], ...]:
        """Return what a web service may answer: everything that is read of any name but the customer."""
        parts = {path: tried for name, each in self.parts.items() if name != "customer" for path, tried in each.items()}
        return _variants({path: tried for path, tried in parts.items() if path})

    def words(self) -> tuple[str, ...]:
        """Return texts that a plain name is compared with: worth entering."""
        found = [value for each in self.parts.values() for value in each.get((), [])]
        return tuple(dict.fromkeys(str(value) for value in found if not isinstance(value, bool)))[:MOST_VARIANTS]


def samples_of(draft: Draft) -> Samples:
    """Collect from every `{…}` and every `when` of a file."""
    samples = Samples()
    for expression in _expressions(draft.node) if draft.node else ():
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", expression)
        for match in _PATH.finditer(bare):
            if match[1] not in _WORDS:
                _part(samples, match[1])
        for name, sign, other in _COMPARED.findall(expression):
            if name not in _WORDS and not name[0].isdigit():
                known = _part(samples, name)
                known += [value for value in _tried(sign, other) if value not in known]
    return samples


def _part(samples: Samples, path: str) -> list[Value]:
    """Return the values to try for a path, noting that it is read."""
    name, *rest = path.split(".")
    return samples.parts.setdefault(name, {}).setdefault(tuple(rest), [])


def _tried(sign: str, text: str) -> Iterator[Value]:
    """Yield a literal, and its neighbours where its order matters."""
    for single, double, number, word in _LITERAL.findall(text):
        if number:
            value = float(number) if "." in number else int(number)
            yield value
            if "<" in sign or ">" in sign:
                yield from (value - 1, value + 1)
        elif word:
            yield from (word == "true", word != "true")
        else:
            yield single or double


def _variants(parts: Mapping[tuple[str, ...], Sequence[Value]]) -> tuple[Mapping[str, Value], ...]:
    """Return records that differ in one part from the first, each part alone, and an empty one."""
    plain = {path: [*tried, OTHERWISE] for path, tried in parts.items() if path}
    first = {path: tried[0] for path, tried in plain.items()}
    found = [_record(first)]
    for path, tried in plain.items():
        found += [_record({**first, path: value}) for value in tried[1:]]
    # Alone, so that a condition is also tried where those before it do not hold.
    alone = [_record({path: value}) for path, tried in plain.items() for value in tried if len(plain) > 1]
    # A person or an order of whom nothing is known is the commonest surprise.
    return (*found[:MOST_VARIANTS], *alone[:MOST_VARIANTS], {}) if first else ({},)


def _record(values: Mapping[tuple[str, ...], Value]) -> dict[str, Value]:
    """Build a record of records."""
    record: dict[str, Value] = {}
    for path, value in sorted(values.items(), key=lambda item: (len(item[0]), item[0])):
        inside = record
        for part in path[:-1]:
            deeper = inside.get(part)
            if not isinstance(deeper, dict):
                deeper = {}
                inside[part] = deeper
            inside = deeper
        inside[path[-1]] = value
    return record


def _expressions(root: Node) -> Iterator[str]:
    """Yield what stands in braces in any text, and each `when` whole."""
    ahead = [root]
    while ahead:
        node = ahead.pop()
        for key, part in node.parts.items():
            ahead.append(part)
            if not isinstance(part.value, str):
                continue
            yield from re.findall(r"\{([^{}]*)\}", part.value)
            if key == "when" and "{" not in part.value:
                yield part.value
