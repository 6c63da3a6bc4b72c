"""The words of AGI."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.agi import AgiResult, command, result


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
def test_an_argument_arrives_as_it_was(argument: str) -> None:
    # In POSIX double quotes \" and \\ are read as res_agi reads them; the other two have no meaning there.
    plain = argument.replace("$", "").replace("`", "")

    assert shlex.split(command("STREAM FILE", plain, "")) == ["STREAM", "FILE", plain, ""]


@pytest.mark.parametrize("argument", ["\\", 'a\\"b', '"', "a b", "\\\\"])
def test_quotes_and_backslashes_arrive(argument: str) -> None:
    assert shlex.split(command("SAY", argument)) == ["SAY", argument]


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("200%20result%3D0%20endpos%3D8000%0A", AgiResult(200, 0, "", 8000)),
        ("200%20result%3D35%20(dtmf)%20endpos%3D160%0A", AgiResult(200, 35, "dtmf", 160)),
        ("200%20result%3D-1%20(hangup)%20endpos%3D0%0A", AgiResult(200, -1, "hangup", 0)),
        ("510%20Invalid%20or%20unknown%20command%0A", AgiResult(510, -1, "", 0)),
        ("520-Invalid%20command%20syntax.%0A", AgiResult(520, -1, "", 0)),
        ("", AgiResult(0, -1, "", 0)),
    ],
)
def test_a_result_is_read(encoded: str, expected: AgiResult) -> None:
    assert result(encoded) == expected


def test_a_key_and_a_failure_are_told_apart() -> None:
    assert AgiResult(200, 35, "dtmf", 0).key == "#"
    assert AgiResult(200, 0, "", 0).key is None
    assert not AgiResult(200, 0, "", 0).is_failed
    assert AgiResult(200, -1, "", 0).is_failed
    assert AgiResult(510, -1, "", 0).is_failed


@given(st.text(max_size=80))
def test_any_text_is_some_result(text: str) -> None:
    assert isinstance(result(text), AgiResult)
