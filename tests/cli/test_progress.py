"""What is told of a step, and what of one that failed."""

from pathlib import Path

import pytest

from trunkline.cli.progress import Progress
from trunkline.core.errors import Misconfigured


def test_step_that_went_well_ends_in_its_latest_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(tmp_path / "run.log")

    with progress.step("Asterisk") as report:
        report("making it")
        report("up")
    progress.close()

    assert capsys.readouterr().out.startswith("✓ Asterisk: up  ")


def test_report_is_not_taken_for_the_reason_of_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(tmp_path / "run.log")

    def start() -> None:
        with progress.step("Asterisk") as report:
            report("until then Asterisk reads the accounts with our own user")
            raise Misconfigured("port 5060 is taken")

    with pytest.raises(Misconfigured):
        start()
    progress.close()

    said = capsys.readouterr().out
    assert said.startswith("✗ Asterisk  ")
    assert "until then" not in said
    assert "until then" in (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "port 5060 is taken" in (tmp_path / "run.log").read_text(encoding="utf-8")
