"""What `trunkline run` tells while it works: one line a step with the time it took, details in a log file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

Report = Callable[[str], None]


class Progress:
    """Tells an admin of steps: on a terminal with a spinner, else one plain line each."""

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._file = log.open("a", encoding="utf-8", buffering=1)
        self._console = Console(highlight=False, soft_wrap=True)
        self._lively = sys.stdout.isatty()

    def say(self, text: str = "") -> None:
        """Print a line, for the admin only: what is said here is not kept in the log."""
        self._console.print(text, markup=False)

    def tell(self, text: str) -> None:
        """Print a line and keep it in the log."""
        self.say(text)
        self.detail(text)

    def detail(self, text: str) -> None:
        """Keep a line in the log."""
        self._file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} {text}\n")

    @contextmanager
    def step(self, title: str) -> Iterator[Report]:
        """Tell how a step goes: what it reports goes to the log, and to the spinner where there is one.

        One that went well ends in its latest report. One that failed ends in its title alone: what was reported before
        is not why, and whoever catches the fault tells that.
        """
        began = time.monotonic()
        last = ""
        self.detail(f"{title}: begins")

        def report(text: str) -> None:
            nonlocal last
            last = text
            self.detail(f"{title}: {text}")
            if status is not None:
                status.update(f"{title}: {text}")

        status = self._console.status(title) if self._lively else None
        try:
            if status is not None:
                status.start()
            yield report
        except BaseException as fault:
            self._end(status, "✗", title, "", began)
            self.detail(f"{title}: {type(fault).__name__}: {fault}")
            raise
        self._end(status, "✓", title, last, began)

    def _end(self, status: object, mark: str, title: str, last: str, began: float) -> None:
        if status is not None:
            status.stop()  # type: ignore[attr-defined]
        told = f"{title}: {last}" if last else title
        line = f"{mark} {told}  {time.monotonic() - began:.1f} s"
        self.tell(line)

    def close(self) -> None:
        """End the log."""
        self._file.close()
