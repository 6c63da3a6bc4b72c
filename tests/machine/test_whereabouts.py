from pathlib import Path

import pytest

from trunkline.cli import whereabouts
from trunkline.settings import load


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HTTP_PORT", "SIP_PORT", "SIP_HOST"):
        monkeypatch.delenv(f"TRUNKLINE_{name}", raising=False)
    (tmp_path / "run").mkdir()
    return tmp_path


def test_a_running_centre_is_found_by_its_data_dir_alone(data_dir: Path) -> None:
    whereabouts.note(load({"data_dir": data_dir, "sip_port": 25060, "http_port": 25000, "ami_secret": "hush"}))

    found = whereabouts.settled_nearby({"data_dir": str(data_dir), "sip_port": None})

    assert (found.sip_port, found.url) == (25060, "http://127.0.0.1:25000")
    assert "hush" not in (data_dir / "run" / "ports.json").read_text(encoding="utf-8")


def test_what_is_said_goes_before_what_is_noted(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whereabouts.note(load({"data_dir": data_dir, "sip_port": 25060, "http_port": 25000}))
    monkeypatch.setenv("TRUNKLINE_SIP_PORT", "5060")

    found = whereabouts.settled_nearby({"data_dir": str(data_dir), "http_port": 9000})

    assert (found.sip_port, found.http_port) == (5060, 9000)


@pytest.mark.parametrize("noted", [None, "", "[]", '{"sip_port": 25060'])
def test_without_a_good_note_the_usual_ports_are_taken(data_dir: Path, noted: str | None) -> None:
    if noted is not None:
        (data_dir / "run" / "ports.json").write_text(noted, encoding="utf-8")

    assert whereabouts.settled_nearby({"data_dir": str(data_dir)}).sip_port == 5060


def test_a_centre_that_has_ended_is_forgotten(data_dir: Path) -> None:
    settings = load({"data_dir": data_dir, "sip_port": 25060})
    whereabouts.note(settings)
    whereabouts.forget(settings)
    whereabouts.forget(settings)

    assert whereabouts.settled_nearby({"data_dir": str(data_dir)}).sip_port == 5060
