"""What holds for every test."""

import os

import pytest
from hypothesis import settings

settings.register_profile("quick", max_examples=20)
"""For `make check`; `make test` looks at as many examples as hypothesis would."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In continuous integration a skipped test is a failed run: say so where it is seen."""
    if os.environ.get("CI") == "true" and _skipped(terminalreporter):
        terminalreporter.write_line("CI=true: nothing may be skipped, see above", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # The workers of pytest-xdist have no reporter; the one who counts has.
    if os.environ.get("CI") == "true" and reporter is not None and _skipped(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped(reporter: pytest.TerminalReporter) -> int:
    return len(reporter.stats.get("skipped", []))
