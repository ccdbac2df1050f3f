"""What notifications say."""

from datetime import date, datetime, time

from tablewire.domain.messages import opened_body, table_title

DAY = date(2026, 2, 20)


def test_a_title_says_where_for_how_many_and_when() -> None:
    assert table_title("Carbone", (2,), DAY, time(20, 30)) == "Carbone: table for 2, Fri 20 Feb 20:30"
    assert (
        table_title("Carbone", (2, 3, 4), DAY, time(0, 5)) == "Carbone: table for 2, 3 or 4, Fri 20 Feb 00:05"
    )
    assert table_title("Carbone", (), DAY, time(20)) == "Carbone: table, Fri 20 Feb 20:00"


def test_hostile_names_stay_on_one_short_line() -> None:
    title = table_title("a\nb\tc" + "x" * 500, (2,), DAY, time(20))
    assert title.startswith("a b cx")
    assert "\n" not in title
    assert len(title) < 120
    assert opened_body("your goal", "So\nHo", None) == "So Ho. It is open now. It fits your goal."


def test_a_body_says_when_it_opened() -> None:
    body = opened_body("your notify request", None, datetime(2026, 2, 11, 20, 31, 5))
    assert body == "Opened at 20:31:05. It fits your notify request."
