"""Where a restaurant is, in forms that can be compared."""

import pytest

from tablewire.domain.places import metres_between, phone_key, point_of, street_key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("181 Thompson St.", "181 thompson st"),
        ("181 Thompson Street, New York, NY 10012", "181 thompson st"),
        ("1 West Fourth Street", "1 w 4 st"),
        ("1 W. 4th St", "1 w 4 st"),
        ("289 10th Ave", "289 10 ave"),
        ("289 Tenth Avenue, Suite 2", "289 10 ave"),
        ("228-230 W 10th St", "228 w 10 st"),
        ("31-12 23rd Ave", "31-12 23 ave"),
        ("12A Main Road #3", "12a main rd"),
        ("Rockefeller Plaza", None),
        ("12", None),
        ("", None),
        (None, None),
    ],
)
def test_a_street_address_has_one_spelling(address: str | None, key: str | None) -> None:
    assert street_key(address) == key


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("+12122543000", "2122543000"),
        ("(212) 254-3000", "2122543000"),
        ("1-212-254-3000 ext. 4", "2122543000"),
        ("+44 20 7946 0958", "442079460958"),
        ("+1 (800) 555-0100", None),
        ("254-3000", None),
        ("call us", None),
        ("", None),
        (None, None),
    ],
)
def test_a_phone_number_has_one_spelling(phone: str | None, key: str | None) -> None:
    assert phone_key(phone) == key


def test_a_degree_of_latitude_is_some_111_km() -> None:
    assert metres_between((40.0, -74.0), (41.0, -74.0)) == pytest.approx(111_195, rel=0.001)


@pytest.mark.parametrize(
    "degrees", [(None, 1.0), (1.0, None), (91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf"))]
)
def test_what_is_not_on_earth_is_no_point(degrees: tuple[float | None, float | None]) -> None:
    assert point_of(*degrees) is None
