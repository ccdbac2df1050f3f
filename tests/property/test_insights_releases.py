"""A release rule is what its words say, looked for the long way round."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tablewire.insights.releases import release_rule

DAY = 24 * 3600
FIRST = date(2026, 2, 20)

drops = st.lists(
    st.tuples(
        st.sampled_from([12, 13]),
        st.sampled_from([0, 30, DAY - 30]).flatmap(
            lambda at: st.integers(0, 900).map(lambda after: (at + after) % DAY)
        ),
        st.integers(0, 3).map(lambda ahead: FIRST + timedelta(days=ahead)),
    ),
    max_size=12,
)


def near(one: int, other: int) -> bool:
    apart = abs(one - other)
    return min(apart, DAY - apart) <= 600


@given(drops)
def test_a_rule_is_kept_by_three_fifths_of_the_drops_and_for_two_dates(
    happened: list[tuple[int, int, date]],
) -> None:
    kept = {
        (lead, second): [on for ahead, at, on in happened if ahead == lead and near(at, second)]
        for lead, second, _ in happened
    }
    rules = {
        (-len(dates), second, lead)
        for (lead, second), dates in kept.items()
        if 5 * len(dates) >= 3 * len(happened) and len(set(dates)) > 1
    }

    found = release_rule(happened)

    if not rules:
        assert found is None
        return
    support, second, lead = min(rules)
    assert found is not None
    assert (found.support, found.lead_days, found.samples) == (-support, lead, len(happened))
    assert found.time == f"{second // 3600:02}:{second // 60 % 60:02}"
