"""The library: good files serve, broken ones never replace them, runs keep their version."""

import os
from pathlib import Path

import pytest

from tests.flows.examples import a_centre
from trunkline.flows.library import Library
from trunkline.flows.prompts import prompts_of
from trunkline.flows.talk import Prompt

SHIPPED = Path(__file__).parents[2] / "ivr_flows"
BROKEN = "flow: main\nstart: nowhere\nsteps: {bye: {end: }}\n"


def flow_text(name: str, words: str = "Goodbye.", entry: str = '{numbers: ["100"]}') -> str:
    """Return a flow file that says something and ends."""
    return f"flow: {name}\nentry: {entry}\nstart: bye\nsteps: {{bye: {{end: {words}}}}}\n"


def write(file: Path, text: str) -> None:
    """Write a file so that its time of writing is new, however coarse the clock of the disk."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def test_number_leads_to_its_flow_with_or_without_plus(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main", entry='{numbers: ["+442071234567", "100"]}'))
    library = Library(tmp_path)
    library.load(a_centre())

    assert {n: bool(library.flow_for(n)) for n in ("100", "442071234567", "+442071234567", "+100", "101")} == {
        "100": True,
        "442071234567": True,
        "+442071234567": True,
        "+100": True,
        "101": False,
    }


def test_every_other_number_leads_to_the_flow_that_takes_them(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    write(tmp_path / "unknown.yaml", flow_text("unknown", entry="{any_other_number: true}"))
    library = Library(tmp_path)
    library.load(a_centre())

    assert [getattr(library.flow_for(number), "name", None) for number in ("100", "555")] == ["main", "unknown"]


def test_channel_leads_to_its_flow_also_where_no_number_does(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    write(tmp_path / "chat.yaml", "media: [chat]\n" + flow_text("chat", entry="{channels: [web, help]}"))
    library = Library(tmp_path)
    library.load(a_centre())

    found = {channel: getattr(library.flow_on(channel), "name", None) for channel in ("web", "help", "sms", "100")}
    assert found == {"web": "chat", "help": "chat", "sms": None, "100": None}


def test_broken_file_is_refused_while_the_others_serve(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", BROKEN)
    write(tmp_path / "other.yaml", flow_text("other"))
    library = Library(tmp_path)

    loaded = library.load(a_centre())

    assert [flow.name for flow in loaded.fresh] == ["other"]
    assert set(library.flows) == {"other"}
    assert {Path(problem.file).name for problem in library.problems} == {"main.yaml"}


def test_saved_mistake_leaves_the_good_version_serving(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    library = Library(tmp_path)
    good = library.load(a_centre()).fresh[0]
    assert not library.changed()

    write(tmp_path / "main.yaml", BROKEN)
    assert library.changed()
    loaded = library.load(a_centre())

    assert loaded.fresh == ()
    assert loaded.problems
    assert library.flow_for("100") == good


def test_saved_change_serves_new_runs_and_old_runs_keep_theirs(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    library = Library(tmp_path)
    old = library.load(a_centre()).fresh[0]

    write(tmp_path / "main.yaml", flow_text("main", "See you."))
    new = library.load(a_centre()).fresh[0]

    assert library.flow_for("100") == new
    assert library.version("main", old.version) == old
    assert library.version("main", "0" * 12) is None


def test_version_outlives_a_restart_where_it_is_kept(tmp_path: Path) -> None:
    flows, kept = tmp_path / "flows", tmp_path / "kept"
    flows.mkdir()
    write(flows / "main.yaml", flow_text("main"))
    library = Library(flows, kept=kept)
    old = library.load(a_centre()).fresh[0]
    write(flows / "main.yaml", flow_text("main", "See you."))

    restarted = Library(flows, kept=kept)
    restarted.load(a_centre())

    assert restarted.version("main", old.version) == old
    assert restarted.version("main", old.version) is restarted.version("main", old.version)
    assert restarted.version("other", old.version) is None
    assert restarted.version("main", "0" * 12) is None
    assert restarted.version("main", "../../etc") is None


def test_kept_file_that_was_spoilt_is_no_version(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ("0" * 12 + ".yaml")).write_text("flow: [\n")

    assert Library(tmp_path, kept=kept).version("main", "0" * 12) is None


def test_flow_serves_even_where_its_version_cannot_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    (tmp_path / "kept").write_text("a file where a folder should be")
    library = Library(tmp_path, kept=tmp_path / "kept")

    library.load(a_centre())

    assert library.flow_for("100") is not None
    assert [record.message for record in caplog.records] == ["flow version not kept"]


def test_newcomer_cannot_take_a_number_from_the_flow_that_serves(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    library = Library(tmp_path)
    main = library.load(a_centre()).fresh[0]

    write(tmp_path / "a_thief.yaml", flow_text("thief"))
    loaded = library.load(a_centre())

    assert library.flow_for("100") == main
    assert [Path(problem.file).name for problem in loaded.problems] == ["a_thief.yaml"]


def test_only_the_first_takes_every_other_number_when_its_file_went_bad(tmp_path: Path) -> None:
    catch_all = "{any_other_number: true}"
    write(tmp_path / "a.yaml", flow_text("a", entry=catch_all))
    library = Library(tmp_path)
    first = library.load(a_centre()).fresh[0]
    write(tmp_path / "a.yaml", BROKEN.replace("main", "a"))
    write(tmp_path / "b.yaml", flow_text("b", entry=catch_all))

    library.load(a_centre())

    assert library.flow_for("555") == first


def test_removed_file_serves_no_more(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    library = Library(tmp_path)
    library.load(a_centre())
    (tmp_path / "main.yaml").unlink()

    library.load(a_centre())

    assert library.flow_for("100") is None


def test_centre_tests_and_dangling_links_are_no_flows(tmp_path: Path) -> None:
    write(tmp_path / "centre.yaml", "name: Acme\n")
    write(tmp_path / "main.test.yaml", "flow: main\n")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")

    assert Library(tmp_path).load(a_centre()).problems == ()


def test_shipped_flows_serve_and_all_they_say_is_known_beforehand() -> None:
    library = Library(SHIPPED)

    loaded = library.load(a_centre())

    assert loaded.problems == ()
    main, unknown = library.flow_for("100"), library.flow_for("12345")
    assert main is not None
    assert unknown is not None
    assert prompts_of(main)[:2] == [
        Prompt("Welcome to Acme.", "en-GB"),
        Prompt("How can we help you today?", "en-GB"),
    ]
    assert Prompt("For Sales, press 1.", "en-GB") in prompts_of(main)
    assert len(prompts_of(unknown)) == 1


def test_flow_that_never_speaks_has_no_prompts(tmp_path: Path) -> None:
    write(tmp_path / "chat.yaml", "flow: chat\nmedia: [chat]\nstart: bye\nsteps: {bye: {end: Goodbye.}}\n")
    library = Library(tmp_path)

    (chat,) = library.load(a_centre()).fresh

    assert prompts_of(chat) == []


def test_prompts_are_those_that_voice_needs_and_nothing_else() -> None:
    library = Library(Path(__file__).parent / "good")
    library.load(a_centre())

    prompts = prompts_of(library.flows["own_words"])

    assert prompts == [
        Prompt("Press one.", "en-GB"),
        Prompt("Are you there?", "en-GB"),
        Prompt("Please enter your code and press hash.", "en-GB"),
        Prompt("Please speak.", "en-GB", "tone"),
        Prompt("Thank you.", "en-GB"),
    ]


def test_choices_are_read_out_in_the_flows_language() -> None:
    library = Library(Path(__file__).parent / "good")
    library.load(a_centre())

    assert Prompt("Para Ventas, pulse 1.", "es-MX") in prompts_of(library.flows["every_medium"])
    assert Prompt("For Hash, press hash.", "en-GB") in prompts_of(library.flows["round_and_round"])
    assert Prompt("For Star, press star.", "en-GB") in prompts_of(library.flows["round_and_round"])


def test_every_file_is_shown_beside_what_serves_for_it(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    write(tmp_path / "new.yaml", flow_text("new", entry="{}") + "nonsense: 1\n")
    library = Library(tmp_path)
    good = library.load(a_centre()).fresh[0]
    write(tmp_path / "main.yaml", BROKEN)
    write(tmp_path / "other.yaml", flow_text("other", entry="{}"))

    library.load(a_centre())

    main, new, other = library.files
    assert main.flow == good
    assert main.serving is not None
    assert (main.serving.version, main.draft.version != good.version, main.serves) == (good.version, True, False)
    assert {problem.file for problem in main.problems} == {str(tmp_path / "main.yaml")}
    assert (new.flow, new.serving, new.serves) == (None, None, False)
    assert (other.flow, other.serves, other.problems) == (library.flows["other"], True, ())


def test_change_of_the_tests_alone_is_a_change(tmp_path: Path) -> None:
    write(tmp_path / "main.yaml", flow_text("main"))
    library = Library(tmp_path)
    library.load(a_centre())

    write(tmp_path / "main.test.yaml", "flow: main\n")

    assert library.changed()
    assert library.load(a_centre()).fresh == ()
    assert not library.changed()
