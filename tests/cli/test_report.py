"""`trunkline report waits`: how far the expected waits were off."""

from datetime import timedelta

from tests.builders import NOON
from trunkline.cli.report import errors_by_queue
from trunkline.core.ids import QueueId
from trunkline.core.waiting import WaitTold

SALES, SUPPORT = QueueId("sales"), QueueId("support")


def test_errors_are_told_by_queue_and_kind_of_guess() -> None:
    told = [
        WaitTold(SALES, NOON, timedelta(seconds=waited), by_queue_s=100.0, by_last_s=None if waited < 90 else 90.0)
        for waited in (80, 100, 120, 190)
    ]

    sales, support = errors_by_queue([*told, WaitTold(SUPPORT, NOON, timedelta(seconds=5))])

    assert (sales["queue"], sales["served"], sales["median_wait_s"]) == ("sales", 4, 120.0)
    assert sales["by_queue_s"] == {"guesses": 4, "median_s": 20.0, "p90_s": 90.0}
    assert sales["by_last_s"] == {"guesses": 3, "median_s": 30.0, "p90_s": 100.0}
    assert (support["by_queue_s"], support["by_last_s"]) == (None, None)
    assert errors_by_queue([]) == []
