"""What files are, by what is in them."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.file_type import ENDINGS, PICTURES, TEXT, name_for, type_of


def a_zip(*names: str, first: str = "", data: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        if first:
            made.writestr(first, data)
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic....", "image/heic"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "application/msword"),
        (a_zip("a.txt"), "application/zip"),
        (a_zip(), "application/zip"),
        (a_zip("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (a_zip("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (a_zip("[Content_Types].xml", "ppt/presentation.xml"), f"{OFFICE}.presentationml.presentation"),
        (a_zip("META-INF/MANIFEST.MF", "A.class"), "application/zip"),
        (
            a_zip(first="mimetype", data="application/vnd.oasis.opendocument.spreadsheet"),
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("Grüße,\r\n\t1;2".encode(), TEXT),
        ("\ufeffname;number".encode(), TEXT),
        (b"<script>alert(1)</script>", TEXT),  # words, and given to browsers as such
    ],
)
def test_a_file_is_known_by_its_bytes(data: bytes, kind: str) -> None:
    assert type_of(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"MZ\x90\0",
        b"\x7fELF\x02\x01",
        b"a\0b",
        b"\xff\xfeh\0i\0",
        b"RIFF\0...WAVE",
        b"\0\0\0\x18ftypmp42",
        b"\x1b\x07",
    ],
)
def test_what_is_none_of_these_is_of_no_type(data: bytes) -> None:
    assert type_of(data) is None


@given(st.binary(max_size=300))
def test_every_file_has_a_type_that_is_known_or_none(data: bytes) -> None:
    kind = type_of(data)
    assert kind is None or kind in ENDINGS


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"%PDF-", b"GIF89a", b"\xff\xd8\xff", b"<html>", b"PK\x03\x04"]), st.binary()
)
def test_what_is_shown_as_a_picture_begins_as_one(begin: bytes, data: bytes) -> None:
    kind = type_of(begin + data)
    assert kind not in PICTURES or begin in (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff")


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_a_name_is_one_line_without_a_folder_and_ends_as_its_type(name: str, kind: str) -> None:
    given_name = name_for(name, kind)
    assert given_name.lower().endswith(ENDINGS[kind])
    assert given_name.isprintable()
    assert not set("/\\\u202e") & set(given_name)
    assert 0 < len(given_name) < 140
    assert not given_name.startswith(".") or given_name in ENDINGS[kind]
    assert name_for(given_name, kind) == given_name


@pytest.mark.parametrize(
    ("name", "kind", "becomes"),
    [
        ("photo.JPG", "image/jpeg", "photo.JPG"),
        ("x.html", TEXT, "x.html.txt"),
        ("run.exe", "application/zip", "run.exe.zip"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("C:\\a b\u202egpj.exe", "image/png", "a b gpj.exe.png"),
        ("", "application/pdf", "file.pdf"),
        (".pdf", "application/pdf", "pdf.pdf"),
    ],
)
def test_a_name_says_what_the_file_is(name: str, kind: str, becomes: str) -> None:
    assert name_for(name, kind) == becomes
