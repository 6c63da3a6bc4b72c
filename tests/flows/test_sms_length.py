"""Texts that become more text messages than anybody should send are told by `flow check`."""

from pathlib import Path

import pytest

from trunkline.flows.check import check_drafts
from trunkline.flows.loader import draft_of
from trunkline.flows.problem import Problem, Severity

HEAD = "flow: main\nstart: begin\nmedia: [{}]\n"
END = "  bye: {end: Goodbye.}\n"


def warned(steps: str, media: str = "voice, sms", folder: Path = Path(), more: str = "") -> list[Problem]:
    return check_drafts([draft_of(f"{HEAD.format(media)}{more}steps:\n{steps}{END}".encode(), "main.yaml", folder)])


def test_text_of_four_messages_is_told_with_its_place() -> None:
    [problem] = warned(f"  begin:\n    say: {'w' * 460}\n    next: bye\n")

    assert (problem.line, problem.severity, problem.code) == (6, Severity.WARNING, "sms-long")
    assert str(problem).partition(": ")[2] == (
        'say "begin": say takes 4 text messages or more on sms, each of which is charged;'
        " shorten it, or write a shorter text under sms"
    )


@pytest.mark.parametrize(
    "steps",
    [
        f"  begin: {{say: {'w' * 459}, next: bye}}\n",
        f"  begin: {{say: {{text: {'w' * 460}, sms: Short.}}, next: bye}}\n",
        f'  begin: {{say: \'{"w" * 459}{{caller}}{{caller == null ? "{"w" * 400}" : ""}}\', next: bye}}\n',
        f"  begin: {{menu: '{'w' * 440}', choices: [{{key: '1', label: Goodbye, go: bye}}], no_answer: {{go: bye}}}}\n",
        f"  begin: {{queue: a, offer_callback: {{after: 1m, key: '1', say: {'w' * 460}, go: bye}}}}\n",
    ],
)
def test_text_that_can_be_short_enough_is_not(steps: str) -> None:
    assert warned(steps) == []


def test_where_nobody_texts_nothing_is_counted() -> None:
    assert warned(f"  begin: {{say: {'w' * 460}, next: bye}}\n", "voice, chat") == []


def test_menu_counts_with_its_choices_and_a_question_with_what_is_said_before_it() -> None:
    menu = (
        f"  begin: {{menu: '{'w' * 450}', choices: [{{key: '1', label: Goodbye, go: bye}}], no_answer: {{go: bye}}}}\n"
    )
    again = (
        f"  begin: {{ask: '{'w' * 300}', as: digits, save: n, next: bye,"
        f" no_match: {{say: {'w' * 200}, go: bye}}, no_answer: {{say: Well?, go: bye}}}}\n"
    )

    assert [problem.message for problem in warned(menu)] == [
        'menu "begin": menu takes 4 text messages or more on sms, each of which is charged'
    ]
    assert [problem.message for problem in warned(again)] == [
        'ask "begin": say takes 4 text messages or more on sms, each of which is charged'
    ]


def test_characters_that_make_it_long_are_named() -> None:
    [problem] = warned(f"  begin: {{say: It’s {'w' * 230}, next: bye}}\n")

    assert "takes 4 text messages" in problem.message
    assert problem.hint.endswith("; without ’ more fits, for these are not in the GSM alphabet")


def test_message_that_is_sent_counts_on_every_medium_but_no_email() -> None:
    send = f"  begin: {{send: {'w' * 460}, next: bye}}\n"

    assert [problem.code for problem in warned(send, "voice")] == ["sms-long"]
    assert warned(send.replace("next", "by: email, next"), "voice") == []
    assert warned("  begin: {send: {email: x}, next: bye}\n".replace("email", "voice"), "voice") == []


def test_each_language_is_counted() -> None:
    steps = f"  begin: {{say: {{en: Hello., es: {'w' * 460}}}, next: bye}}\n"
    problems = warned(steps, more="languages: [es]\n")

    assert [problem.code for problem in problems if problem.code != "no-language"] == ["sms-long"]


def test_article_counts_where_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "long.yaml").write_text(f"title: Long\ntext: {'w' * 460}\n", encoding="utf-8")

    [problem] = warned("  begin: {article: long, next: bye}\n", folder=tmp_path)
    unknown = warned("  begin: {article: none, next: bye}\n", folder=tmp_path)

    assert (problem.code, problem.message.split(" takes")[0]) == ("sms-long", 'article "begin": article')
    assert [each.code for each in unknown] == ["no-article"]
