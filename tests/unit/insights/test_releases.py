"""Release rules: found where one stands out, and only there."""

from datetime import date, timedelta

from tablewire.insights.releases import Release, release_rule

NINE = 9 * 3600
FRIDAY = date(2026, 2, 20)


def each_day(*drops: tuple[int, int]) -> list[tuple[int, int, date]]:
    """Drops at (days ahead, second of the day), each for a date of its own."""
    return [(lead, second, FRIDAY + timedelta(days=place)) for place, (lead, second) in enumerate(drops)]


def test_drops_at_one_time_and_lead_are_a_rule() -> None:
    drops = each_day((13, NINE + 12), (13, NINE + 300), (13, NINE - 60), (5, 40_000), (2, 70_000))

    assert release_rule(drops) == Release(lead_days=13, time="08:59", support=3, percent=60, samples=5)


def test_less_than_sixty_percent_is_no_rule() -> None:
    assert release_rule(each_day((13, NINE), (13, NINE), (5, 40_000), (2, 70_000))) is None


def test_the_same_time_at_different_leads_is_no_rule() -> None:
    assert release_rule(each_day(*((lead, NINE) for lead in range(5)))) is None


def test_what_happened_once_is_no_rule() -> None:
    assert release_rule(each_day((13, NINE))) is None
    assert release_rule([]) is None


def test_tables_of_one_date_are_no_rule_however_many() -> None:
    one_poll = [(13, NINE, FRIDAY)] * 4

    assert release_rule(one_poll) is None
    assert release_rule([*one_poll, (13, NINE + 3600, FRIDAY + timedelta(days=1))]) is None


def test_tables_of_two_dates_all_count() -> None:
    drops = [(13, NINE, FRIDAY)] * 4 + [(13, NINE + 60, FRIDAY + timedelta(days=1))]

    assert release_rule(drops) == Release(lead_days=13, time="09:00", support=5, percent=100, samples=5)


def test_where_most_drops_round_a_time_are_of_one_date_another_time_may_be_the_rule() -> None:
    """Seven of one date lie round 9:08, and five of two dates round 9:11."""
    of_one = [(13, NINE + second, FRIDAY) for second in (0, 0, 0, 500, 500, 700, 700)]

    found = release_rule([*of_one, (13, NINE + 1250, FRIDAY + timedelta(days=1))])

    assert found == Release(lead_days=13, time="09:11", support=5, percent=62.5, samples=8)


def test_more_than_ten_minutes_away_is_another_time() -> None:
    assert release_rule(each_day((13, NINE), (13, NINE + 601), (13, NINE + 1300))) is None
    assert release_rule(each_day((13, NINE), (13, NINE + 600))) is not None


def test_a_rule_may_lie_round_midnight() -> None:
    found = release_rule(each_day((13, 86_390), (13, 20), (13, 86_399)))

    assert found is not None
    assert (found.support, found.time) == (3, "00:00")
