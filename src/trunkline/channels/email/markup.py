"""The HTML of mails, as it may be shown: nothing runs, nothing is loaded from elsewhere unless it is asked for."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

import nh3

from trunkline.channels.email.mail import Mail

LONGEST_HTML = 2_000_000
"""Characters; what is longer is shown up to there."""
MOST_TAGS = 8_000
"""HTML of more tags is made text by leaving them out, which takes no time."""
LARGEST_INLINE = 5_000_000
"""Bytes of pictures that are shown in a mail, taken together."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TAGS = _words(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn "
    "div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s "
    "samp section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var wbr"
)
_EVERYWHERE = {"style", "dir", "lang", "title", "align", "valign"}
_ATTRIBUTES: Mapping[str, set[str]] = {
    "*": _EVERYWHERE,
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "td": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "th": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "tr": {"bgcolor"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
}
# Nothing that loads, lies over something else or moves out of its place.
_STYLES = _words(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right "
    "border-spacing border-style border-top border-width color direction font-family font-size font-style "
    "font-variant font-weight letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right "
    "margin-top max-width min-width padding padding-bottom padding-left padding-right padding-top text-align "
    "text-decoration text-indent text-transform vertical-align white-space width word-break"
)
_GONE_WITH_THEIR_WORDS = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "object", "math", "svg"}
)
_CALLS = re.compile(r"[(\\@]")
_COLOUR = re.compile(r"\b(rgb|hsl)a?\([\d\s,.%/deg-]*\)", re.IGNORECASE)
_FAR = re.compile(r"^\s*https?:", re.IGNORECASE)
_DEEPEST = 256
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_STRUCTURE = _words("p div br tr td th li h1 h2 h3 h4 h5 h6 blockquote ul ol table tbody pre section article hr img")
_CLOSE_THEMSELVES = _words("p li td th tr dt dd option thead tbody tfoot")
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base", "source"})
_FLAT = frozenset(_CLOSE_THEMSELVES) | _VOID


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that may be shown; `remote` is how many pictures from elsewhere are left out of it."""

    html: str
    remote: int


def safe_html(mail: Mail, *, remote: bool = False) -> SafeHtml:
    """Return a mail's HTML as it may be shown, with the pictures that it brings; `remote`: those from elsewhere too.

    A mail without HTML has its text in it.
    """
    if mail.html is None:
        return SafeHtml(f"<pre>{nh3.clean_text(mail.text)}</pre>", 0)
    pictures = _Pictures(mail, remote=remote)
    html = mail.html[:LONGEST_HTML]
    if _is_too_deep(html):
        return SafeHtml(f"<pre>{nh3.clean_text(text_of(html))}</pre>", 0)
    clean = nh3.clean(
        html, tags=set(_TAGS), clean_content_tags=set(_GONE_WITH_THEIR_WORDS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()}, attribute_filter=pictures.shown,
        link_rel="noopener noreferrer nofollow", url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        set_tag_attribute_values={"a": {"target": "_blank"}}, filter_style_properties=set(_STYLES), url_relative="deny",
    )  # fmt: skip
    return SafeHtml(clean, pictures.left_out)


_OWN = _words("p br strong em a ul ol li blockquote")
"""What mails of ours have."""


def own_html(html: str) -> str:
    """Return HTML of ours as it may be sent and shown: words, and links that lead out."""
    schemes = {"http", "https", "mailto", "tel"}
    return nh3.clean(
        html, tags=set(_OWN), attributes={"a": {"href"}, "ol": {"start"}}, url_schemes=schemes, url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip


class _Pictures:
    """Says for each attribute what becomes of it: pictures of the mail are put in, others wait to be asked for."""

    def __init__(self, mail: Mail, *, remote: bool) -> None:
        self._inline = {part.inline: part for part in mail.parts if part.inline and part.type in _PICTURES}
        self._left = LARGEST_INLINE
        self._remote = remote
        self.left_out = 0

    def shown(self, tag: str, attribute: str, value: str) -> str | None:
        """Return the value that stands in its place, None where the attribute goes."""
        if attribute == "style":
            return ";".join(each for each in value.split(";") if not _CALLS.search(_COLOUR.sub("", each)))
        if attribute == "href":
            return value if not value.lstrip().lower().startswith(("data:", "cid:")) else None
        return self._picture(value) if (tag, attribute) == ("img", "src") else value

    def _picture(self, source: str) -> str | None:
        if source.lower().startswith("cid:"):
            return self._brought(source[4:])
        if source.lower().startswith("data:"):
            kind = re.split("[;,]", source[5:100], maxsplit=1)[0].lower()
            return source if kind in _PICTURES else None
        if _FAR.match(source):
            if self._remote:
                return source
            self.left_out += 1
        return None

    def _brought(self, content_id: str) -> str | None:
        part = self._inline.get(content_id)
        if part is None or len(part.data) > self._left:
            return None
        self._left -= len(part.data)
        return f"data:{part.type};base64,{b64encode(part.data).decode()}"


def words_in(mail: Mail) -> str:
    """Return what a mail says, as text."""
    return mail.text if mail.text.strip() or mail.html is None else text_of(mail.html)


def text_of(html: str) -> str:
    """Return what HTML says, as text; what it quotes stands behind ">"."""
    html = html[:LONGEST_HTML]
    if html.count("<") > MOST_TAGS or _is_too_deep(html):
        return unescape(_ANY_TAG.sub(" ", html))
    # Cleaned first, for the library's reader takes the square of the time for comments that do not end.
    clean = nh3.clean(
        html, tags=set(_STRUCTURE), clean_content_tags=set(_GONE_WITH_THEIR_WORDS), attributes={"img": {"alt"}},
        link_rel=None,
    )  # fmt: skip
    reader = _Reader()
    reader.feed(clean)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects words; what is a block begins a line."""

    _BLOCKS = _STRUCTURE - {"img", "td", "th"}
    _APART = _words("p h1 h2 h3 h4 h5 h6 blockquote ul ol table")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted, self._pre = 0, 0

    def text(self) -> str:
        self._break()
        lines: list[str] = []
        for line in self._lines:
            if line.strip("> ") or (lines and lines[-1].strip("> ")):
                lines.append(line)
        while lines and not lines[-1].strip("> "):
            lines.pop()
        return "\n".join(lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._BLOCKS:
            self._break(apart=tag in self._APART)
        if tag == "blockquote":
            self._quoted = min(self._quoted + 1, 20)
        if tag == "pre":
            self._pre += 1
        if tag in ("td", "th"):
            self._line.append(" ")
        if tag == "li":
            self._line.append("- ")
        if tag == "img" and (alt := dict(attrs).get("alt")):
            self._line.append(alt)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._BLOCKS:
            self._break(apart=tag in self._APART)
        if tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)
        if tag == "pre":
            self._pre = max(0, self._pre - 1)

    def handle_data(self, data: str) -> None:
        if not self._pre:
            self._line.append(re.sub(r"[ \t\r\n\f]+", " ", data))
            return
        first, *others = data.split("\n")
        self._line.append(first)
        for other in others:
            self._break()
            self._line.append(other)

    def _break(self, *, apart: bool = False) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._pre else line.strip()
        self._line.clear()
        if line:
            self._lines.append(f"{'> ' * self._quoted}{line}")
        if apart and self._lines and self._lines[-1].strip("> "):
            self._lines.append("> " * self._quoted if self._quoted else "")


def _is_too_deep(html: str) -> bool:
    """Whether elements stand in each other so deep that cleaning them takes no end; browsers stop at 512."""
    depth = 0
    for closing, tag in _TAG.findall(html.lower()):
        if tag in _FLAT:
            continue
        if closing:
            depth -= depth > 0
            continue
        depth += 1
        if depth > _DEEPEST:
            return True
    return False
