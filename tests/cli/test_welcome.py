"""What is printed once all is ready."""

from pathlib import Path

import pytest

from trunkline.cli import welcome
from trunkline.cli.progress import Progress
from trunkline.settings import load

CENTRE = Path(__file__).parents[2] / "ivr_flows" / "centre.yaml"


def printed(folder: Path, capsys: pytest.CaptureFixture[str], *, demo: bool) -> str:
    """Return what the admin reads."""
    settings = load({"data_dir": folder / "var", "demo": demo, "centre_file": CENTRE})
    progress = Progress(folder / "run.log")
    welcome.show(settings, progress, took_s=1.0)
    progress.close()
    return capsys.readouterr().out


def test_demo_offers_a_test_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(tmp_path, capsys, demo=True)

    assert "call 100 --press 1" in said
    assert "trunkline demo " in said
    assert "agent password" not in said


def test_without_the_demo_only_what_works_is_offered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(tmp_path, capsys, demo=False)

    assert "call 100" not in said
    assert "trunkline demo" not in said
    assert "trunkline agent password ana" in said
    assert "trunkline doctor" in said
