"""`trunkline flow talk` with lines piped in, and `trunkline flow status` against a service."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from click.testing import CliRunner, Result

from trunkline.cli import main

REPOSITORY = Path(__file__).parents[2]
STEPS = """
flow: main
start: main
media: [voice, chat]
steps:
  main:
    menu: How can we help?
    choices: [{key: "1", label: Sales, go: order}, {key: "2", label: A message, go: box}]
    no_answer: {tries: 2, go: box}
  order: {ask: Your number?, as: digits, length: 4, save: no, next: sales}
  sales: {queue: sales, overflow: {after: 5m, go: box}}
  box: {voicemail: Leave a message., queue: support, next: bye}
  bye: {end: Goodbye.}
"""


def talked(folder: Path, lines: str, *options: str, steps: str = STEPS) -> Result:
    (folder / "centre.yaml").write_bytes((REPOSITORY / "ivr_flows" / "centre.yaml").read_bytes())
    (folder / "main.yaml").write_text(steps)
    at = ("--at", "2026-11-23T10:00:00+00:00")
    return CliRunner().invoke(main, ["flow", "talk", str(folder / "main.yaml"), *at, *options], input=lines)


def test_caller_presses_waits_and_leaves_a_message(tmp_path: Path) -> None:
    came = talked(tmp_path, "1\n1234\n/wait 5m\nCall me\n")

    assert came.exit_code == 0, came.output
    heard = [line.split("flow: ")[1] for line in came.output.splitlines() if "flow: " in line]
    assert heard == [
        "How can we help?",
        "For Sales, press 1.",
        "For A message, press 2.",
        "Your number?",
        "Leave a message.",
        "Goodbye.",
    ]
    assert "world: queued queue sales" in came.output
    assert came.output.rstrip().endswith("world: ended")


def test_visitor_sees_the_choices_and_types_a_label(tmp_path: Path) -> None:
    came = talked(tmp_path, "a message\n", "--medium", "chat")

    assert "flow: [1] Sales" in came.output
    assert "world: voicemail queue support" in came.output
    assert came.exit_code == 0


def test_empty_lines_are_silence_and_the_number_of_an_outcome_is_taken(tmp_path: Path) -> None:
    silent = talked(tmp_path, "\n\n/quit\n")
    overflowed = talked(tmp_path, "1\n1234\nwhat\n1\n")

    assert silent.output.count("flow: How can we help?") == 2
    assert "Leave a message." in silent.output
    assert "write a number from 1 to 1" in overflowed.output
    assert "Leave a message." in overflowed.output


def test_somebody_who_texts_sees_numbers_and_is_told_of_long_messages(tmp_path: Path) -> None:
    long = f"{{text: Your number?, sms: {'w' * 460}}}"
    steps = STEPS.replace("[voice, chat]", "[voice, chat, sms]").replace("Your number?", long)

    came = talked(tmp_path, "1.\n1234\n", "--medium", "sms", steps=steps)

    assert "flow: 1 Sales" in came.output
    assert came.output.count("sms-long: sent in 4 pieces") == 1


def test_visitor_has_two_minutes_and_who_texts_is_not_hurried(tmp_path: Path) -> None:
    steps = STEPS.replace("[voice, chat]", "[chat, sms]")
    in_time, too_late, days = (
        talked(tmp_path, lines, "--medium", medium, steps=steps).output.count("How can we help?")
        for medium, lines in (("chat", "/wait 119s\n"), ("chat", "/wait 2m\n"), ("sms", "/wait 30d\n"))
    )

    assert (in_time, too_late, days) == (1, 2, 1)


def test_medium_that_the_flow_does_not_serve_is_refused(tmp_path: Path) -> None:
    assert talked(tmp_path, "", "--medium", "sms").exit_code == 2


def test_flow_with_a_way_to_nowhere_is_refused_with_its_problem(tmp_path: Path) -> None:
    talked(tmp_path, "")
    (tmp_path / "main.yaml").write_text("flow: main\nstart: a\nsteps:\n  a: {say: Hi., next: b}\n")

    came = CliRunner().invoke(main, ["flow", "talk", str(tmp_path / "main.yaml")])

    assert (came.exit_code, 'next goes to "b", which no step is called' in came.output) == (1, True)


@contextmanager
def a_service(status: int, health: dict[str, object]) -> Iterator[str]:
    """Serve /healthz as the service would, and give its port."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield str(server.server_port)
        finally:
            server.shutdown()
            thread.join(10)


def test_status_prints_what_serves_and_what_is_wrong() -> None:
    serving = {"name": "main", "version": "0123456789ab", "title": "Acme main line"}
    good = {"parts": {"flows": {"ready": True, "detail": ""}}, "flows": {"serving": [serving], "problems": []}}
    bad = {**good, "flows": {"serving": [serving], "problems": ["main.yaml:3:1: bad"]}}

    with a_service(200, good) as port:
        well = CliRunner().invoke(main, ["flow", "status", "--http-port", port])
    with a_service(503, bad) as port:
        ill = CliRunner().invoke(main, ["flow", "status", "--http-port", port])
    nobody = CliRunner().invoke(main, ["flow", "status", "--http-port", port])

    assert (well.exit_code, well.output) == (0, "main 0123456789ab  Acme main line\n")
    assert (ill.exit_code, ill.output.splitlines()[-1]) == (1, "main.yaml:3:1: bad")
    assert nobody.exit_code == 2
