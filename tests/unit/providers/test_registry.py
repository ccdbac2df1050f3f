"""The registry: providers by id, ours and those of other packages."""

from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tablewire.providers.protocol import AvailabilityProvider, Seats
from tablewire.providers.registry import Kit, Maker, Registry, RegistryError


def kit() -> Kit:
    return Kit(seats=Seats(2), call_timeout=1.0, user_agent="test", environ={"KEY": "made-up"})


def maker(provider_id: str) -> Maker:
    return lambda _kit: cast("AvailabilityProvider", SimpleNamespace(provider_id=provider_id))


def make_from_entry_point(kit: Kit) -> Any:
    return SimpleNamespace(provider_id="other", key=kit.environ["KEY"])


def point(value: str) -> EntryPoint:
    return EntryPoint(name="other", value=value, group="tablewire.providers")


def test_registered_providers_are_made_in_the_order_asked_for() -> None:
    registry = Registry()
    registry.register("one", maker("one"))
    registry.register("two", maker("two"))
    assert list(registry.make(["two", "one"], kit())) == ["two", "one"]


def test_an_id_that_is_taken_is_refused_with_both_names() -> None:
    registry = Registry()
    registry.register("resy", maker("resy"))
    with pytest.raises(RegistryError, match="`resy`: tablewire and somebody-else"):
        registry.register("resy", maker("resy"), origin="somebody-else")


def test_an_unknown_id_is_refused_with_those_there_are() -> None:
    registry = Registry()
    registry.register("resy", maker("resy"))
    with pytest.raises(RegistryError, match="no provider `rezy`; there are: resy"):
        registry.make(["rezy"], kit())


def test_a_provider_has_to_call_itself_by_its_id() -> None:
    registry = Registry()
    registry.register("one", maker("two"))
    with pytest.raises(RegistryError, match="calls itself `two`"):
        registry.make(["one"], kit())


def test_another_packages_provider_is_made_with_the_kit() -> None:
    registry = Registry()
    registry.register_installed([point("tests.unit.providers.test_registry:make_from_entry_point")])
    made: Any = registry.make(["other"], kit())["other"]
    assert made.key == "made-up"


@pytest.mark.parametrize("value", ["no_such_package:make", "tests.unit.providers.test_registry:no_such_name"])
def test_a_broken_package_harms_only_who_wants_it(value: str) -> None:
    registry = Registry()
    registry.register("one", maker("one"))
    registry.register_installed([point(value)])
    assert list(registry.make(["one"], kit())) == ["one"]
    with pytest.raises(RegistryError, match="`other`"):
        registry.make(["other"], kit())


def make_without_its_setting(kit: Kit) -> Any:
    return kit.environ["OTHER_URL"]


def make_with_a_secret_in_its_error(kit: Kit) -> Any:
    raise ValueError(f"{kit.environ['KEY']} is refused")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("make_without_its_setting", "KeyError 'OTHER_URL'"),
        ("make_with_a_secret_in_its_error", "ValueError"),
    ],
)
def test_a_provider_that_cannot_be_made_is_named_without_its_secrets(name: str, says: str) -> None:
    registry = Registry()
    registry.register_installed([point(f"tests.unit.providers.test_registry:{name}")])
    with pytest.raises(RegistryError) as caught:
        registry.make(["other"], kit())
    assert str(caught.value).endswith(f"cannot be made: {says}")


def test_a_kit_tells_each_provider_which_of_its_venues_are_left_alone() -> None:
    shared = Kit(
        seats=Seats(2),
        call_timeout=1.0,
        user_agent="test",
        environ={},
        opted_out=frozenset({("one", "7"), ("two", "8")}),
    )
    assert shared.opted_out("one") == {"7"}


def test_a_kit_makes_callers_that_report_whose_call_it_was() -> None:
    seen: list[tuple[str, str, float]] = []
    shared = Kit(
        seats=Seats(2),
        call_timeout=1.0,
        user_agent="test",
        environ={},
        observe=lambda *call: seen.append(call),
    )
    caller = shared.caller("one", rate=2.0)
    assert caller.provider == "one"
    caller._observe("ok", 0.5)
    assert seen == [("one", "ok", 0.5)]
