"""The whole service through simulated hours of faults: nothing false, every loop alive."""

from datetime import timedelta

from tablewire.storage.memory import MemoryStore
from tests.integration.detection.long_run import Course, live_through
from tests.integration.detection.virtual_time import MIDDAY, run_virtual


def test_the_service_lives_through_the_turn_of_a_day_with_faults_all_along() -> None:
    start = MIDDAY + timedelta(hours=13)  # one in the morning: the window moves at 02:05
    course = Course(seed=41, hours=2, venues=50, opentable_venues=30, days=2, rate=2.0, start=start)
    found = run_virtual(lambda loop: live_through(loop, course, MemoryStore()))
    assert (found.false_openings, found.false_closings, found.repeats) == ([], [], [])
    assert (found.dead_loops, found.restarts, found.ids_out_of_order) == ([], 0, False)
    assert found.openings >= 50
    assert found.closings >= 50
    assert found.faults > 0
