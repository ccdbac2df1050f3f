import pytest

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.messages import over
from tablewire.notifications.names import Names
from tablewire.notifications.ntfy import NtfyChannel, Topic, topic_of
from tablewire.notifications.protocol import Item, Sent
from tests.receivers import AT, LOOPBACK, message, notification, receiver


@pytest.mark.parametrize(
    ("url", "topic"),
    [
        ("ntfy://Tables", Topic("https://ntfy.sh", "Tables")),
        ("ntfys://ntfy.example/tables", Topic("https://ntfy.example", "tables")),
        ("ntfy://ntfy.example:8080/tables/", Topic("http://ntfy.example:8080", "tables")),
        ("ntfys://[2606:4700::1]/t", Topic("https://[2606:4700::1]", "t")),
        ("ntfys://tk_abc@ntfy.example/t", Topic("https://ntfy.example", "t", "Bearer tk_abc")),
        ("ntfys://ann:pa%3Ass@ntfy.example/t", Topic("https://ntfy.example", "t", "Basic YW5uOnBhOnNz")),
        ("ntfys://ntfy.example/one/two", None),
        ("ntfys://ntfy.example/t?priority=max", None),
        ("tgram://1:abcdefghijk/1", None),
        ("ntfys://host:port/t", None),
    ],
)
def test_a_url_names_one_topic_or_is_left_to_apprise(url: str, topic: Topic | None) -> None:
    assert topic_of(url) == topic


async def test_the_end_of_a_table_takes_the_place_of_its_beginning() -> None:
    async with receiver() as server:
        http = GuardedHttp(LOOPBACK, Names(), "tablewire/test")
        topic = topic_of(server.url("/tables", scheme="ntfy"))
        assert topic is not None
        channel = NtfyChannel(http, topic)
        outcome = await channel.send(message(), 1e12)
        assert isinstance(outcome, Sent)
        await channel.send(
            over("two", Item(notification(open_seconds=102.0), None), outcome.receipt, AT), 1e12
        )
    first, second = (taken.json() for taken in server.taken)
    assert first["topic"] == "tables"
    assert first["click"] == "https://tables.example/go/token"
    assert first["sequence_id"] == second["sequence_id"]
    assert second["message"] == "Gone after 1 min 42 s."
    assert first["priority"] > second["priority"]
