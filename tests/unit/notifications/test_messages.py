import pytest

from tablewire.domain.notifications import Kind
from tablewire.notifications.messages import lasted, news, over
from tablewire.notifications.protocol import Item, Purpose
from tests.receivers import AT, notification


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (0.4, "0 s"), (42, "42 s"), (60, "1 min"), (102, "1 min 42 s"), (3_600, "1 h"), (3_725, "1 h 2 min"), (90_061, "1 d 1 h")],
)  # fmt: skip
def test_a_length_of_time_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert lasted(seconds) == said


def test_one_notification_goes_as_it_is() -> None:
    message = news("batch", [Item(notification(3), "https://go")], 0, AT)
    assert (message.purpose, message.title, message.url) == (
        Purpose.NEW,
        "Carbone: table 3 for 2",
        "https://go",
    )


def test_a_digest_names_ten_and_counts_the_rest() -> None:
    message = news("batch", [Item(notification(id), f"https://go/{id}") for id in range(1, 1001)], 2, AT)
    assert message.title == "1000 notifications"
    assert message.purpose is Purpose.DIGEST
    assert message.kind is Kind.NOTIFY
    assert "Carbone: table 10 for 2 https://go/10" in message.body
    assert "table 11" not in message.body
    assert "… and 990 more." in message.body
    assert "2 more came and are gone again." in message.body
    assert len(message.items) == 1000


def test_the_end_of_a_table_has_the_tag_of_its_beginning() -> None:
    first = news("one", [Item(notification(3), None)], 0, AT)
    end = over("two", Item(notification(3, open_seconds=102.0), None), "receipt", AT)
    assert (end.tag, end.replaces) == (first.tag, "receipt")
    assert end.title == "Gone: Carbone: table 3 for 2"
    assert end.body == "Gone after 1 min 42 s."


def test_nothing_is_said_of_a_length_that_is_not_known() -> None:
    assert over("two", Item(notification(), None), None, AT).body == "Gone."
