"""The whole service under seeded faults: 200 worlds in each run of the tests, 10,000 with the soak."""

import pytest

from tests.simulation.running import complaint, total_of

CHUNK = 10
"""Seeds of one test: small, so that workers share them evenly."""


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_nothing_is_invented_repeated_lost_or_left_out_whatever_goes_wrong(first: int) -> None:
    total, _ = total_of(range(first, first + CHUNK))
    assert not total.failed, complaint(total.failed)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_nothing_is_invented_repeated_lost_or_left_out_in_10000_worlds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    total, seconds = total_of(range(10_000), workers=2)
    with capsys.disabled():
        print(f"\n{total.told(seconds)}")  # noqa: T201 - the figures are the point
    assert not total.failed, complaint(total.failed)
