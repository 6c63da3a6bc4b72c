"""A mail with looks, from a small Markdown: bold, italic, lists, quotes and links; and the same words as plain text.

CommonMark by markdown-it-py, with HTML and all that is not named here off. What comes out is cleaned as any mail is.
"""

from collections.abc import Iterator, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from trunkline.channels.email.markup import own_html

LONGEST_RICH = 20_000
"""Characters; what is longer has no looks: the reader takes the square of the time for some signs."""
_FORMATS = frozenset(
    {"strong_open", "em_open", "link_open", "bullet_list_open", "ordered_list_open", "blockquote_open"}
)
_QUOTE = "margin:0 0 0 .8ex;border-left:2px solid #ccc;padding-left:1ex;color:#555"
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"></head>
<body style="font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:1.5">
{html}
</body></html>
"""


def _reader() -> MarkdownIt:
    reader = MarkdownIt("zero", {"html": False, "breaks": True, "linkify": True, "typographer": False})
    reader.enable(["emphasis", "link", "list", "blockquote", "newline", "escape", "autolink", "linkify"])
    if reader.linkify is not None:
        # A word with a dot in it is no link: `invoice.pdf`, `main.py`.
        reader.linkify.set({"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    return reader


_READER = _reader()


def has_looks(text: str) -> bool:
    """Whether there is anything in a text that plain words do not show as well."""
    return len(text) <= LONGEST_RICH and any(token.type in _FORMATS for token in _flat(_READER.parse(text)))


def rich_html(text: str) -> str:
    """Return a text as HTML that may be shown and sent: paragraphs, and what its Markdown says."""
    return own_html(str(_READER.render(text)) if len(text) <= LONGEST_RICH else f"<p>{_lines(text)}</p>")


def plain_words(text: str) -> str:
    """Return the same words as they read without looks: `*bold*`, `_italic_`, `a link <https://…>`, `- an item`."""
    return _Plain().said(_READER.parse(text)) if len(text) <= LONGEST_RICH else text


def page_of(text: str, *, signature: str = "", wrote: str = "", quoted: str = "") -> str:
    """Return the page that a mail's HTML part is: an answer, who signs it, and what it answers, as text."""
    parts = [rich_html(text)]
    if signature:
        parts.append(f"<p>-- <br>{_lines(signature)}</p>")
    if quoted:
        parts.append(f'<p>{escape(wrote)}</p><blockquote style="{_QUOTE}">{_lines(quoted)}</blockquote>')
    return _PAGE.format(html="\n".join(parts))


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


class _Plain:
    """Writes tokens as text; `_before` stands at the beginning of each line, for quotes and items."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._before: list[str] = []
        self._numbers: list[int | None] = []
        self._fresh_item = False

    def said(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._take(token)
        return "\n".join(self._lines).strip("\n")

    def _take(self, token: Token) -> None:
        match token.type:
            case "blockquote_open":
                self._gap(token)
                self._before.append("> ")
            case "bullet_list_open" | "ordered_list_open":
                if not self._numbers:
                    self._gap(token)
                ordered = token.type == "ordered_list_open"
                self._numbers.append(int(token.attrs.get("start", 1)) if ordered else None)
            case "list_item_open":
                self._item()
            case "list_item_close" | "blockquote_close":
                self._before.pop()
                self._fresh_item = False
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "paragraph_open" if not token.hidden:
                self._gap(token)
            case "inline":
                self._words(_inline(token.children or ()))

    def _item(self) -> None:
        number = self._numbers[-1]
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._before.append(" " * len(mark))
        self._mark, self._fresh_item = mark, True

    def _gap(self, token: Token) -> None:
        """Leave a line between what stands apart; an item begins on its own line at once."""
        if self._lines and self._lines[-1].strip("> ") and not (self._fresh_item and token.type == "paragraph_open"):
            self._lines.append("".join(self._before).rstrip())

    def _words(self, text: str) -> None:
        for line in text.split("\n"):
            before = "".join(self._before)
            if self._fresh_item:
                before, self._fresh_item = "".join((*self._before[:-1], self._mark)), False
            self._lines.append(f"{before}{line}".rstrip())


def _inline(tokens: Sequence[Token]) -> str:
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                said.append("*")
            case "em_open" | "em_close":
                said.append("_")
            case "softbreak" | "hardbreak":
                said.append("\n")
            case "link_open":
                links.append((str(token.attrs.get("href", "")), len(said)))
            case "link_close":
                address, at = links.pop()
                if "".join(said[at:]).strip() not in (address, address.removeprefix("mailto:")):
                    said.append(f" <{address}>")
            case _:
                said.append(token.content)
    return "".join(said)
