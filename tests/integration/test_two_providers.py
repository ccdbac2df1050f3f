"""Two providers side by side against the truth: both told whole, and neither harmed by the other."""

import functools
from datetime import timedelta

import pytest

from tests.integration.detection.checker import check
from tests.integration.detection.schedules import every_fault
from tests.integration.detection.verdict import Verdict
from tests.integration.detection.virtual_time import run_virtual
from tests.integration.detection.world import Fault, Run, Schedule, play

PROVIDERS = ("resy", "opentable")


@functools.cache
def played(faults: tuple[str, ...] = ()) -> Run:
    """A city of two platforms; of OpenTable's calls all are struck, each kind of fault for a while."""
    each = 1800.0 / max(1, len(faults))
    spells: tuple[Fault, ...] = tuple(
        {
            "route": "opentable",
            "kind": kind,
            "from": _at(300 + number * each),
            "until": _at(300 + (number + 1) * each),
        }
        for number, kind in enumerate(faults)
    )
    schedule = Schedule(
        seed=31,
        venues=90,
        opentable_venues=60,
        days=2,
        cycles=104,
        in_process=True,
        faults=spells,
        quiet_end=34,
    )
    return run_virtual(lambda loop: play(loop, schedule))


def _at(seconds: float) -> str:
    return (Schedule().start + timedelta(seconds=seconds)).isoformat()


def expect_flawless(verdict: Verdict, *, at_least: int) -> None:
    assert verdict.faults_found == []
    assert (verdict.precision, verdict.recall) == (1.0, 1.0)
    assert (verdict.false_closings, verdict.missed_closings, verdict.missed) == (0, 0, 0)
    assert verdict.served_twice >= at_least


@pytest.mark.parametrize("provider", PROVIDERS)
def test_both_providers_are_told_whole_with_every_fault_at_both(provider: str) -> None:
    expect_flawless(check(struck(), provider), at_least=150)


@functools.cache
def struck() -> Run:
    schedule = Schedule(
        seed=32, venues=90, opentable_venues=90, days=2, cycles=90, in_process=True, faults=every_fault()
    )
    return run_virtual(lambda loop: play(loop, schedule))


TROUBLES = ("silent", "block_403", "rate_limited", "stale_hash", "error_500", "hung_body")
"""OpenTable says nothing, refuses, complains, has forgotten the query, breaks, and stops in the middle of every answer."""


def test_opentable_in_every_trouble_does_not_change_what_resy_tells() -> None:
    def told(run: Run) -> list[tuple[str, str]]:
        return [(one.event.slot_id, one.event.event_type.value) for one in run.of("resy").told]

    healthy, troubled = played(), played(TROUBLES)
    assert sorted(told(troubled)) == sorted(told(healthy))
    expect_flawless(check(troubled, "resy"), at_least=120)


def test_opentable_in_every_trouble_does_not_make_resy_later() -> None:
    verdict = check(played(TROUBLES), "resy")
    assert verdict.delay(50) <= 0.6
    assert verdict.delay(95) <= 1.05


def test_opentable_in_every_trouble_tells_nothing_false_and_comes_back() -> None:
    run = played(TROUBLES)
    verdict = check(run, "opentable")
    assert verdict.faults_found == []
    assert (verdict.false_openings, verdict.false_closings, verdict.repeats) == (0, 0, 0)
    assert max(told.at for told in run.of("opentable").told) > run.ended - 120
