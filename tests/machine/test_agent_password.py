"""`trunkline agent password` where it cannot work yet: one sentence, with the cure."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.store.server import empty_url, server_url
from trunkline.cli.agent import command

CENTRE = Path(__file__).parents[2] / "ivr_flows" / "centre.yaml"
__all__ = ["empty_url", "server_url"]


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TRUNKLINE_CENTRE_FILE", str(CENTRE))
    return tmp_path


def set_password(*more: str) -> Result:
    return CliRunner().invoke(command, ["password", "ana", "--generate", *more])


def one_sentence(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


@pytest.mark.usefixtures("in_a_folder")
def test_before_the_first_start(empty_url: str) -> None:
    said = one_sentence(set_password("--database-url", empty_url))

    assert "has no tables" in said
    assert "trunkline run" in said


@pytest.mark.usefixtures("in_a_folder")
def test_own_database_does_not_run() -> None:
    said = one_sentence(set_password("--postgres-port", "30799"))

    assert "127.0.0.1:30799" in said
    assert "start Trunkline (trunkline run)" in said


@pytest.mark.usefixtures("in_a_folder")
def test_named_database_does_not_run() -> None:
    said = one_sentence(set_password("--database-url", "postgresql://a:b@127.0.0.1:30799/acme"))

    assert "127.0.0.1:30799" in said
    assert "TRUNKLINE_DATABASE_URL" in said
