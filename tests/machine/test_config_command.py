"""`trunkline config` on a real database: plan, apply, export, history, back, and every way to be refused."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.store.server import database_url, empty_url, server_url, template_url
from trunkline.cli.config import command
from trunkline.core.centre_version import Signed, Source
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

SHIPPED = Path(__file__).parents[2] / "ivr_flows"
__all__ = ["database_url", "empty_url", "server_url", "template_url"]


class Shell:
    """A terminal beside a database, with a centre file of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.file = folder / "centre.yaml"
        self.file.write_bytes((SHIPPED / "centre.yaml").read_bytes())

    def type(self, *words: str | Path) -> Result:
        return CliRunner().invoke(command, [str(each) for each in words])

    def save(self, *replacements: tuple[str, str]) -> Path:
        text = self.file.read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        self.file.write_text(text, encoding="utf-8")
        return self.file

    def somebody_applies(self, text: str, *, base: int) -> None:
        async def put() -> None:
            async with Database(self.url, connections=1) as database:
                signed = Signed("dora", Source.PAGE, "meanwhile")
                await PostgresStore(database).put_centre(text, signed, base=base, at=datetime.now(UTC))

        asyncio.run(put())


@pytest.fixture
def urls(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("database_url")
    return url


@pytest.fixture
def shell(urls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    opened = Shell(urls, tmp_path)
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TRUNKLINE_CENTRE_FILE", str(opened.file))
    monkeypatch.setenv("TRUNKLINE_FLOWS_DIR", str(SHIPPED))
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", urls)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    return opened


LONGER = ("title: Sales, ring_for: 20s", "title: Sales, ring_for: 30s")
EVE = ("  ben: {", "  eve: {name: Eve Fox, queues: [sales]}\n  ben: {")


def test_plan_says_what_apply_then_does(shell: Shell) -> None:
    assert shell.type("apply", "--message", "the first").exit_code == 0
    file = shell.save(LONGER, EVE)

    planned = shell.type("plan")
    assert planned.exit_code == 3
    assert planned.output.splitlines() == [
        "~ queue sales: ring_for 20s -> 30s",
        "+ agent eve: name Eve Fox, queues sales",
        f"2 changes against version 1; to make it so: trunkline config apply {file} --base 1",
    ]

    applied = shell.type("apply", "--base", "1", "-m", "more people")
    assert applied.exit_code == 0, applied.output
    assert applied.output.splitlines()[-1].startswith("version 2 is in force")
    after = shell.type("plan")
    assert (after.exit_code, after.output) == (0, "nothing changes against version 2\n")
    assert shell.type("apply").output == "nothing to do: version 2 says the same\n"


def test_export_gives_back_what_was_applied_with_its_comments(shell: Shell, tmp_path: Path) -> None:
    first = shell.file.read_bytes()
    shell.type("apply")
    shell.save(LONGER, ("# The centre:", "# Our centre:"))
    shell.type("apply")

    exported = tmp_path / "exported.yaml"
    assert shell.type("export", "--output", exported).exit_code == 0
    assert exported.read_bytes() == shell.file.read_bytes()
    assert shell.type("plan", exported).exit_code == 0
    assert shell.type("export", "--at", "1").stdout_bytes == first
    assert "there is no version 7" in shell.type("export", "--at", "7").stderr


def test_comments_alone_change_nothing_and_are_kept_all_the_same(shell: Shell) -> None:
    shell.type("apply")
    shell.save(("# The centre:", "# Our centre:"))

    planned = shell.type("plan")
    assert planned.exit_code == 0
    assert "only comments or layout" in planned.output
    assert "version 2" in shell.type("apply").output
    assert "only comments or layout" in shell.type("history").output


def test_every_mistake_is_told_at_once_with_its_place_and_cure(shell: Shell) -> None:
    shell.type("apply")
    file = shell.save(
        ("ring_for: 20s, wrap_up: 60s", "ring_for: 20, wrap_pu: 60s"), ("[support], role", "[suport], role")
    )

    for words in (("plan",), ("apply",)):
        result = shell.type(*words)
        assert result.exit_code == 1
        assert f"{file}:8:35: queues sales ring_for" in result.output
        assert f'{file}:8:39: nobody knows the key "wrap_pu"; did you mean "wrap_up"?' in result.output
        assert result.output.count(str(file)) == 2  # names are looked up once the shape is right
    shell.save(("ring_for: 20, wrap_pu: 60s", "ring_for: 20s, wrap_up: 60s"))
    line = file.read_text(encoding="utf-8").partition("suport")[0].count("\n") + 1
    assert 'there is no queue "suport"; did you mean "support"?' in shell.type("plan").output
    assert json.loads(shell.type("plan", "--json").output)["problems"][0]["line"] == line
    assert shell.type("history").output.splitlines()[0].startswith("1  ")


def test_apply_upon_a_version_that_is_no_longer_in_force_is_refused(shell: Shell) -> None:
    shell.type("apply")
    base = json.loads(shell.type("plan", "--json").output)["base"]
    text = shell.file.read_text(encoding="utf-8")
    shell.somebody_applies(text.replace("wrap_up: 90s", "wrap_up: 30s"), base=base)
    shell.save(LONGER)

    refused = shell.type("apply", "--base", str(base))

    assert refused.exit_code == 1
    assert "version 2 by dora (page) is in force, and this was planned against version 1" in refused.stderr
    assert "~ queue support: wrap_up 30s -> 90s" in shell.type("plan").output


def test_history_tells_who_changed_what_when_and_why(shell: Shell) -> None:
    shell.type("apply")
    shell.save(LONGER)
    shell.type("apply", "-m", "callers hung up")

    told = shell.type("history").output.splitlines()
    listed = json.loads(shell.type("history", "--json").output)

    assert told[0].startswith("2  20")
    assert told[0].endswith("  root (cli)  callers hung up")
    assert told[1] == "   ~ queue sales: ring_for 20s -> 30s"
    assert (told[2][:2], told[3].strip()) == ("1 ", "the first")
    assert [(each["version"], each["by"], each["message"]) for each in listed] == [
        (2, "root", "callers hung up"), (1, "root", ""),
    ]  # fmt: skip
    assert listed[0]["changes"][0]["differences"][0]["after"] == "30s"
    assert len(json.loads(shell.type("history", "--json", "--limit", "1").output)) == 1


def test_older_version_is_put_in_force_again(shell: Shell) -> None:
    shell.type("apply")
    shell.save(LONGER)
    shell.type("apply")

    result = shell.type("back", "1")

    assert result.exit_code == 0
    assert result.output.splitlines()[0] == "~ queue sales: ring_for 30s -> 20s"
    assert "version 3 is in force" in result.output
    assert "back to version 1" in shell.type("history").output
    assert shell.type("back", "9").exit_code == 2


def test_plan_warns_of_what_comes_of_it(shell: Shell) -> None:
    shell.type("apply")
    shell.save(
        ("  sales: {title: Sales, ring_for: 20s, wrap_up: 60s, music: default, announce_every: 45s}\n", ""),
        ("[sales, support]", "[support]"), ("role: admin", "role: agent"),
    )  # fmt: skip

    told = shell.type("plan").output

    assert "! nobody would be an admin" in told
    assert "! main.yaml:" in told
    assert 'no queue "sales"' in told
    assert json.loads(shell.type("plan", "--json").output)["warnings"]


def test_first_plan_is_against_nothing(shell: Shell) -> None:
    planned = shell.type("plan")

    assert planned.exit_code == 3
    assert "+ agent ana: name Ana Torres, queues sales, support" in planned.output
    assert "against nothing (no version was applied yet)" in planned.output
    assert "nothing was applied yet" in shell.type("export").stderr
    assert shell.type("history").output == ""


def test_file_that_is_not_there_is_said(shell: Shell, tmp_path: Path) -> None:
    result = shell.type("plan", tmp_path / "none.yaml")

    assert result.exit_code == 1
    assert "none.yaml:1:1: cannot be read: No such file or directory" in result.output


def test_database_that_does_not_answer_is_said_with_the_cure(shell: Shell) -> None:
    result = shell.type("plan", "--database-url", "postgresql://a:b@127.0.0.1:30799/acme")

    assert result.exit_code == 2
    assert "TRUNKLINE_DATABASE_URL" in result.stderr
