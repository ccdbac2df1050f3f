import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web

from tablewire.domain.channels import ChannelType
from tablewire.errors import BadInput
from tablewire.notifications import apprise
from tablewire.notifications.courier import ChannelCourier
from tablewire.notifications.guard import Guard
from tablewire.notifications.names import Found, Names
from tablewire.notifications.protocol import Failed, FailureKind, Receipt, Sent, Subscription
from tablewire.notifications.sealing import FernetSealer
from tablewire.notifications.webpush import PushKey
from tests.receivers import LOOPBACK, endless, hang, message, receiver

SEALER = FernetSealer(b"k" * 32)


def look_up(host: str) -> Found:
    known: dict[str, Found] = {
        "hooks.example": [(2, "93.184.216.34")],
        "evil.example": [(2, "93.184.216.34"), (2, "192.168.1.1")],
        "inside.example": [(2, "192.168.1.1")],
    }
    if host not in known:
        raise OSError("no such name")
    return known[host]


def courier_for(guard: Guard) -> ChannelCourier:
    return ChannelCourier(
        sealer=SEALER,
        guard=guard,
        push_key=PushKey(b"secret", "mailto:ann@tables.example"),
        user_agent="tablewire/test",
        now=lambda: datetime.now(UTC),
        names=Names(look_up),
    )


@pytest.fixture
async def courier() -> AsyncIterator[ChannelCourier]:
    made = courier_for(Guard())
    yield made
    await made.aclose()


@pytest.fixture
async def local() -> AsyncIterator[ChannelCourier]:
    made = courier_for(LOOPBACK)
    yield made
    await made.aclose()


async def refusal(courier: ChannelCourier, type: ChannelType, url: str) -> str:
    with pytest.raises(BadInput) as error:
        await courier.prepare(type, url=url)
    assert [field.field for field in error.value.fields] == ["url"]
    return error.value.fields[0].message


async def test_only_what_an_operator_can_allow_is_said_to_be_theirs_to_allow(courier: ChannelCourier) -> None:
    inside = await refusal(courier, ChannelType.WEBHOOK, "https://inside.example/")
    assert inside.endswith("the operator can allow it with TABLEWIRE_CHANNEL_ALLOW")
    unknown = await refusal(courier, ChannelType.WEBHOOK, "https://nowhere.example/")
    assert unknown == "the host nowhere.example was not found"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1/", "public internet"),
        ("http://localhost/", "name of the inside"),
        ("https://inside.example/", "inside.example is at 192.168.1.1"),
        ("https://nowhere.example/", "not found"),
        ("ftp://hooks.example/", "https:// or http://"),
        ("https://ann:secret@hooks.example/", "names and passwords"),
        ("https://hooks.example:99999/", "https:// or http://"),
        ("https://hooks.example/a b", "without spaces"),
        ("https://hooks.example/\x00", "without spaces"),
    ],
)
async def test_a_webhook_that_cannot_be_used_is_refused_when_it_is_made(
    courier: ChannelCourier, url: str, said: str
) -> None:
    assert said in await refusal(courier, ChannelType.WEBHOOK, url)


async def test_a_webhook_keeps_its_secret_when_its_url_changes(courier: ChannelCourier) -> None:
    made = await courier.prepare(ChannelType.WEBHOOK, url="https://hooks.example/one/secret")
    assert made.shown == "https://hooks.example/…"
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    changed = await courier.prepare(ChannelType.WEBHOOK, url="https://hooks.example/two", before=made.sealed)
    assert changed.secret is None
    assert made.secret.encode() in (SEALER.open(changed.sealed) or b"")
    assert b"hooks" not in changed.sealed


async def test_a_subscription_without_proper_keys_is_refused(courier: ChannelCourier) -> None:
    with pytest.raises(BadInput) as error:
        await courier.prepare(
            ChannelType.WEBPUSH, subscription=Subscription("https://hooks.example/", "A" * 87, "short")
        )
    assert [field.field for field in error.value.fields] == ["subscription.keys.auth"]


async def test_an_address_sealed_with_another_key_is_refused(courier: ChannelCourier) -> None:
    outcome = await courier.send(ChannelType.WEBHOOK, b"nonsense", message(), 1.0)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED


async def test_apprise_urls_of_every_kind_are_refused_where_they_reach_inside(
    courier: ChannelCourier,
) -> None:
    for url in (
        "json://10.0.0.1/x", "jsons://localhost/x", "xml://inside.example/", "form://[::1]/x", "mailtos://a:b@inside.example",
        "gotify://192.168.1.1/token1234567890", "ntfy://169.254.169.254/topic", "ntfy://inside.example/topic?priority=max",
        "matrixs://u:p@inside.example/#r", "mmost://inside.example/3ccdd113474722377935511fc85d3dd4", "irc://127.0.0.1/#x",
        "rsyslog://10.0.0.1/local0", "hassio://10.0.0.1/token", "apprise://inside.example/token12",
    ):  # fmt: skip
        said = await refusal(courier, ChannelType.APPRISE, url)
        assert "public internet" in said or "name of the inside" in said, (url, said)
    for url in (
        "syslog://",
        "dbus://",
        "windows://",
        "macosx://",
        "file:///etc/passwd",
        "nonsense://x",
        "https://",
    ):
        assert await refusal(courier, ChannelType.APPRISE, url)
    shown = await courier.prepare(
        ChannelType.APPRISE, url="discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
    )
    assert shown.shown == "discord://…"


async def send(courier: ChannelCourier, url: str, seconds: float = 20.0) -> Receipt:
    sealed = SEALER.seal(b'{"url":"%s"}' % url.encode())
    return await courier.send(ChannelType.APPRISE, sealed, message(), seconds)


async def test_whatever_an_apprise_plug_in_tries_when_it_is_used_stays_outside(
    courier: ChannelCourier,
) -> None:
    """The address was public when the channel was made: what counts is what the connection goes to."""
    for url in (
        "json://10.0.0.1/x",
        "json://localhost:1/x",
        "irc://127.0.0.1/#x",
        "fcm://project/device?keyfile=/etc/passwd",
    ):
        outcome = await send(courier, url)
        assert isinstance(outcome, Failed), url
        assert outcome.kind is FailureKind.REFUSED, url
        assert "/etc" not in outcome.reason


async def test_apprise_channels_that_hang_or_lie_hold_up_no_other(local: ChannelCourier) -> None:
    async with receiver() as good, receiver() as redirecting, receiver() as hanging, receiver() as lying:
        hanging.behave, lying.behave = hang, endless
        assert await send(local, good.url(scheme="json")) == Sent()  # the process is warm
        async with asyncio.TaskGroup() as group:
            stuck = [group.create_task(send(local, hanging.url(f"/{n}", "json"), 1.0)) for n in range(5)]
            liar = group.create_task(send(local, lying.url(scheme="json")))
            quick = group.create_task(send(local, good.url(scheme="json")))
            assert await quick == Sent()
            assert not any(task.done() for task in stuck)
        assert await liar == Sent()
        assert {type(await task) for task in stuck} == {Failed}
        again = await send(local, hanging.url("/1", "json"), 1.0)
        assert again == Failed(FailureKind.TEMPORARY, "the last try still hangs")
        redirecting.answers += [_moved(good.url("/never"))]
        outcome = await send(local, redirecting.url(scheme="json"))
        assert outcome == Failed(FailureKind.TEMPORARY, "the service answered 302")
    assert {taken.path for taken in good.taken} == {"/hook"}
    assert good.taken[0].json()["title"] == "Carbone: table for 2"


async def test_when_apprises_process_dies_the_message_is_sent_by_another(local: ChannelCourier) -> None:
    async with receiver() as good:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(send(local, good.url(scheme="json")))
            while (worker := local._apprise._worker) is None or not worker.jobs:
                await asyncio.sleep(0)
            worker._process.kill()
        assert await sending == Sent()


async def test_where_too_many_hang_the_process_is_started_afresh(
    local: ChannelCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apprise, "MOST_HANGING", 2)
    async with receiver() as good, receiver() as hanging:
        hanging.behave = hang
        assert await send(local, good.url(scheme="json")) == Sent()
        first = local._apprise._worker
        await asyncio.gather(*(send(local, hanging.url(f"/{n}", "json"), 0.2) for n in range(2)))
        assert await send(local, good.url(scheme="json")) == Sent()
        assert local._apprise._worker is not first


def _moved(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})
