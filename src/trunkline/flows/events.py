"""YAML's events, nearly twice as fast as ruamel.yaml alone gives them, and exactly the same ones.

Nearly all the time of `check` goes into reading YAML. The grammar stays ruamel.yaml's; what is replaced are its inner
loops: how far a plain word goes, what lies between two tokens, whether more tokens are needed, what a scalar without
anchor and tag becomes, and the marks, which hold line and column alone. A test compares events, places and complaints
with those of ruamel.yaml itself on texts of every kind. (Parsers in C would be faster yet, but read YAML 1.1.)
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import Event, ScalarEvent
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken, Token

_END = "\0 \t\r\n\x85\u2028\u2029"
_WORD_IN_BLOCK = rf"(?:[^{_END}:]|:(?![{_END}]))+"
_WORD_IN_FLOW = rf"(?:[^{_END}:,\[\]{{}}]|:(?![{_END}]))+"
# Words with blanks between them, to the end of the line at most. A # after a blank begins a comment.
_LINE_IN_BLOCK = re.compile(rf"(?!#){_WORD_IN_BLOCK}(?: +(?!#){_WORD_IN_BLOCK})*")
_LINE_IN_FLOW = re.compile(rf"(?!#){_WORD_IN_FLOW}(?: +(?!#){_WORD_IN_FLOW})*")
_GAP_IN_BLOCK = re.compile(" *(?:#[^\0\r\n\x85\u2028\u2029]*)?")
_GAP_IN_FLOW = re.compile("[ \t]*(?:#[^\0\r\n\x85\u2028\u2029]*)?")
_BETWEEN = " \t\r\n#\x85\u2028\u2029\ufeff"
_LONGEST_KEY = 1024
MISHAPS = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, AssertionError, RecursionError)
"""How ruamel.yaml stumbles, besides its YAMLError, over a few malformed directives and escapes."""


def events(text: str) -> Iterator[Event]:
    """Yield the events of a text; raises YAMLError, or one of MISHAPS."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner, yaml.Parser = _QuickReader, _QuickScanner, _QuickParser
    return iter(yaml.parse(text))


class _Mark:
    """A place, counted from 0."""

    __slots__ = ("column", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column


class _QuickReader(Reader):
    """Goes over a text that is there as a whole."""

    def peek(self, index: int = 0) -> str:
        """Return a character ahead; the text ends with NUL."""
        character: str = self.buffer[self.pointer + index]
        return character

    def forward(self, length: int = 1) -> None:
        """Go on by some characters."""
        passed = self.buffer[self.pointer : self.pointer + length]
        if "\n" in passed or "\r" in passed or "\ufeff" in passed:
            super().forward(length)
            return
        self.pointer += length
        self.index += length
        self.column += length

    def get_mark(self) -> _Mark:
        """Return the present place."""
        return _Mark(self.line, self.column)


class _QuickScanner(Scanner):
    """Cuts a text into tokens."""

    reader: Any = None
    scanner_processing_version: Any = (1, 2)

    def __init__(self, loader: Any = None) -> None:
        self.reader = loader.reader
        super().__init__(loader)

    def check_token(self, *choices: type) -> bool:
        """Say whether the next token is one of these."""
        # By far the commonest question: mostly there is a token, and nothing that can turn out to be a key.
        while not self.tokens or self.possible_simple_keys:
            if not self.need_more_tokens():
                break
            self.fetch_more_tokens()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def get_token(self) -> Token:
        """Return the next token and go past it."""
        self.check_token()
        self.tokens_taken += 1
        token: Token = self.tokens.pop(0)
        return token

    def fetch_more_tokens(self) -> None:
        """Read on to the next token."""
        self.scan_to_next_token()
        known = self._SIGNS_IN_FLOW.get(self.reader.buffer[self.reader.pointer]) if self.flow_context else None
        if known is None:
            super().fetch_more_tokens()
            return
        self.stale_possible_simple_keys()
        known(self)

    # Signs that mean the same wherever they stand in {} and []; there the indentation of lines does not count.
    _SIGNS_IN_FLOW: Mapping[str, Callable[[Scanner], None]] = {
        "{": Scanner.fetch_flow_mapping_start,
        "}": Scanner.fetch_flow_mapping_end,
        "[": Scanner.fetch_flow_sequence_start,
        "]": Scanner.fetch_flow_sequence_end,
        ",": Scanner.fetch_flow_entry,
        "'": Scanner.fetch_single,
        '"': Scanner.fetch_double,
    }

    def need_more_tokens(self) -> bool:
        """Say whether the next token can still turn out to be a key."""
        if self.done:
            return False
        if not self.tokens:
            return True
        if not self.possible_simple_keys:
            return False
        self.stale_possible_simple_keys()
        taken = self.tokens_taken
        return any(key.token_number == taken for key in self.possible_simple_keys.values())

    def stale_possible_simple_keys(self) -> None:
        """Forget what can be no key any more."""
        line, least = self.reader.line, self.reader.index - _LONGEST_KEY
        for key in self.possible_simple_keys.values():
            if key.line != line or key.index < least:
                super().stale_possible_simple_keys()
                return

    def scan_to_next_token(self) -> None:
        """Pass over blanks, comments and ends of lines."""
        reader = self.reader
        if reader.buffer[reader.pointer] not in _BETWEEN:
            return
        if reader.index == 0 and reader.peek() == "\ufeff":
            reader.forward()
        gap = _GAP_IN_FLOW if self.flow_context else _GAP_IN_BLOCK
        while True:
            at = reader.pointer
            # It always matches, if only nothing.
            reader.forward(gap.match(reader.buffer, at).end() - at)  # type: ignore[union-attr]
            if not self.scan_line_break():
                return
            if not self.flow_context:
                self.allow_simple_key = True

    def scan_plain(self) -> ScalarToken:
        """Return an unquoted scalar, which may go on over lines."""
        reader, line = self.reader, _LINE_IN_FLOW if self.flow_context else _LINE_IN_BLOCK
        start = end = reader.get_mark()
        chunks: list[str] = []
        spaces: list[str] = []
        indent = self.indent + 1
        while words := line.match(reader.buffer, reader.pointer):
            self.allow_simple_key = False
            chunks += [*spaces, words[0]]
            reader.forward(len(words[0]))
            end = reader.get_mark()
            spaces = self.scan_plain_spaces(indent, start)
            if not spaces or (not self.flow_context and reader.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)


class _QuickParser(Parser):
    """Makes events of tokens."""

    scanner: Any = None

    def __init__(self, loader: Any) -> None:
        self.scanner = loader.scanner
        super().__init__(loader)

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Event:
        """Return what a value begins with: mostly a scalar without anchor and tag."""
        if not self.scanner.check_token(ScalarToken):
            event: Event = super().parse_node(block, indentless_sequence)
            return event
        token = self.scanner.get_token()
        self.state = self.states.pop()
        implicit = (token.plain, not token.plain)
        return ScalarEvent(None, None, implicit, token.value, token.start_mark, token.end_mark, style=token.style)
