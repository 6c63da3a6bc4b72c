"""What a file is, by its first bytes: neither its name nor what its sender says of it is believed."""

import re
from collections.abc import Mapping

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser shows as a picture, and runs nothing of."""
TEXT = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_ZIP = "application/zip"
_OLD_OFFICE = "application/msword"

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/gif": (".gif",), "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"), "application/pdf": (".pdf",), TEXT: (".txt", ".csv", ".md", ".log"),
    f"{_OFFICE}.wordprocessingml.document": (".docx",), f"{_OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{_OFFICE}.presentationml.presentation": (".pptx",),
    f"{_OPEN}.text": (".odt",), f"{_OPEN}.spreadsheet": (".ods",), f"{_OPEN}.presentation": (".odp",),
    _OLD_OFFICE: (".doc", ".xls", ".ppt"), _ZIP: (".zip",),
}  # fmt: skip
"""Every type that is known here, and how the names of such files end."""

_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"%PDF-", "application/pdf"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD_OFFICE),
)  # fmt: skip
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_INSIDE_OFFICE = (
    (b"word/", f"{_OFFICE}.wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}.spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}.presentationml.presentation"),
)
_ENTRY = b"PK\x03\x04"
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_LONGEST_NAME = 120


def type_of(data: bytes) -> str | None:
    """Return the type of a file, None for one that is of no type of ENDINGS."""
    for begin, kind in _BEGINS:
        if data.startswith(begin):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        return "image/heic"
    if data.startswith((_ENTRY, b"PK\x05\x06")):
        return _kind_of_zip(data)
    return TEXT if _is_text(data) else None


def name_for(name: str, kind: str) -> str:
    """Return a file's name as one that ends as its type does: `x.html` that is plain text becomes `x.html.txt`.

    It is one line, without a folder, and nothing in it turns the direction of writing.
    """
    base = re.split(r"[/\\]", name)[-1]
    plain = " ".join("".join(each if each.isprintable() else " " for each in base).split()).lstrip(".")
    endings = ENDINGS[kind]
    stem, dot, ending = plain.rpartition(".")
    if f".{ending.lower()}" in endings and stem and dot:
        return f"{stem[:_LONGEST_NAME]}.{ending}"
    return (plain[:_LONGEST_NAME] or "file") + endings[0]


def _kind_of_zip(data: bytes) -> str:
    """Return what a zip is for: office documents are zips (ECMA-376 part 2; OpenDocument 1.3 part 2 section 3.3)."""
    if data[30:38] == b"mimetype":
        declared = data[38:120]
        return next((kind for kind in ENDINGS if kind.startswith(_OPEN) and declared.startswith(kind.encode())), _ZIP)
    if b"[Content_Types].xml" in data:
        # The names stand in the directory at the end as well, which these programs read.
        return next((kind for folder, kind in _INSIDE_OFFICE if folder in data), _ZIP)
    return _ZIP


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and _NO_TEXT.search(text) is None
