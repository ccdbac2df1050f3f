"""Scores of forecasts: against the base rate, and by what came true."""

import pytest

from tablewire.insights.scoring import Trial, score, verdict


def test_the_brier_score_is_the_mean_squared_error() -> None:
    found = score([Trial(0.8, True), Trial(0.4, False)])

    assert found.brier == pytest.approx((0.04 + 0.16) / 2)
    assert (found.base_rate, found.base_brier) == (0.5, 0.25)


def test_a_forecast_that_tells_days_apart_is_shown() -> None:
    assert score([Trial(0.9, True), Trial(0.1, False)] * 50).shown


def test_always_saying_the_base_rate_is_not_worth_showing() -> None:
    assert not score([Trial(0.5, True), Trial(0.5, False)] * 50).shown


def test_a_few_lucky_trials_show_nothing() -> None:
    assert not score([Trial(1.0, True), Trial(0.0, False)]).shown


def test_without_trials_there_is_no_score() -> None:
    found = score([])

    assert (found.brier, found.base_rate, found.shown) == (None, None, False)


def test_bins_say_how_often_a_chance_came_true() -> None:
    found = score([Trial(0.72, True), Trial(0.78, False), Trial(1.0, True)]).reliability

    assert [(bin.trials, bin.happened) for bin in found] == [(2, 0.5), (1, 1)]
    assert found[0].mean_chance == pytest.approx(0.75)


def test_dates_are_shown_where_their_days_ahead_beat_the_base_rate() -> None:
    good = [Trial(0.9, True, 1), Trial(0.1, False, 1)] * 50
    bad = [Trial(0.1, True, 2), Trial(0.9, False, 2)] * 50

    found = verdict([*good, *bad])

    assert [found.shows(leads) for leads in ([1], [2], [1, 2], [3], [])] == [True, False, False, False, False]
