"""Release rules: found where one stands out, and only there."""

from tablewire.insights.releases import Release, release_rule

NINE = 9 * 3600


def test_drops_at_one_time_and_lead_are_a_rule() -> None:
    drops = [(13, NINE + 12), (13, NINE + 300), (13, NINE - 60), (5, 40_000), (2, 70_000)]

    assert release_rule(drops) == Release(lead_days=13, time="08:59", support=3, percent=60, samples=5)


def test_less_than_sixty_percent_is_no_rule() -> None:
    assert release_rule([(13, NINE), (13, NINE), (5, 40_000), (2, 70_000)]) is None


def test_the_same_time_at_different_leads_is_no_rule() -> None:
    assert release_rule([(lead, NINE) for lead in range(5)]) is None


def test_what_happened_once_is_no_rule() -> None:
    assert release_rule([(13, NINE)]) is None
    assert release_rule([]) is None


def test_more_than_ten_minutes_away_is_another_time() -> None:
    assert release_rule([(13, NINE), (13, NINE + 601), (13, NINE + 1300)]) is None
    assert release_rule([(13, NINE), (13, NINE + 600)]) is not None


def test_a_rule_may_lie_round_midnight() -> None:
    found = release_rule([(13, 86_390), (13, 20), (13, 86_399)])

    assert found is not None
    assert (found.support, found.time) == (3, "00:00")
