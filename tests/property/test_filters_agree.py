"""One definition of filters, two uses: what the store finds is what the predicate lets through."""

import asyncio
from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.events import Event, EventType, Origin
from tablewire.domain.filters import EVENT_TYPES, PARAMETERS, EventFilter, parse_filter
from tablewire.storage.store import PostgresStore
from tests.database import TestServer
from tests.stored_scenes import ALL_TYPES, StoredScene, change_with, made_up_event

NAMES = [
    "Café Été",
    "cafe",
    "L'Artusi",
    "100% Agave_",
    "東京",
    "Straße",
    "",
    "a\\b",
    "Ærø & Øl",
    "...",
    "The  Café",
]
PLACES = [None, "SoHo", "soho!", "Östermalm", "East Village", ""]
VENUES = ["1", "22", "x|y", "%"]
SIZES = [(1,), (2,), (2, 4), (4, 6, 8), (20,)]

events = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(EventType),
            "market": st.sampled_from(["nyc", "sfo"]),
            "provider": st.sampled_from(["resy", "opentable"]),
            "venue_id": st.sampled_from(VENUES),
            "venue_name": st.sampled_from(NAMES)
            | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
            "neighborhood": st.sampled_from(PLACES),
            "price_range": st.none() | st.integers(1, 4),
            "service_date": st.integers(0, 8).map(lambda days: date(2026, 2, 16) + timedelta(days=days)),
            "slot_time": st.sampled_from([time(0, 0), time(0, 30), time(17), time(19, 30), time(23, 59, 59)]),
            "time_bucket": st.sampled_from(["prime", "off_peak"]),
            "party_sizes": st.sampled_from(SIZES),
            "origin": st.sampled_from(Origin),
        }
    ),
    min_size=4,
    max_size=16,
)


def several(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


dates = st.integers(0, 8).map(lambda days: [(date(2026, 2, 16) + timedelta(days=days)).isoformat()])
times = st.sampled_from([["00:00"], ["00:30"], ["17:00"], ["19:30:00"], ["23:59:59"]])

parameters = {
    "market": several(["nyc", "sfo", "la"]),
    "provider": several(["resy", "opentable"]),
    "venue_id": several(VENUES),
    "restaurant": several([f"{provider}:{venue}" for provider in ("resy", "opentable") for venue in VENUES]),
    "venue": several(["cafe", "caf", "été", "100%", "東", "ss", "aero", "a", "e"]),
    "neighborhood": several(["soho", "SOHO", "ostermalm", "east village", "east"]),
    "date_from": dates,
    "date_to": dates,
    "time_from": times,
    "time_to": times,
    "time_bucket": several(["prime", "off_peak"]),
    "party_size": several(["1", "2", "4", "20"]),
    "price_max": st.sampled_from([["1"], ["3"], ["4"]]),
    "weekday": several(["mon", "wed", "sun", "tue"]),
}

queries = st.sets(st.sampled_from(sorted(parameters)), min_size=1, max_size=2).flatmap(
    lambda names: st.fixed_dictionaries({name: parameters[name] for name in sorted(names)})
) | st.fixed_dictionaries({"time_from": times, "time_to": times})
"""One or two parameters each: more of them together would hardly let anything through. Hours are worth a chance of their own."""


class Filled:
    """A store in a loop of its own, as generated tests are not async; each example adds to the same log."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        self._store = self._runner.run(PostgresStore.open(dsn))
        self._scene = self._runner.run(StoredScene.begin(self._store))
        self._made = 0

    def add(self, generated: list[dict[str, object]]) -> list[Event]:
        made = []
        for fields in generated:
            self._made += 1
            kind = EventType(str(fields["kind"]))
            others = {name: value for name, value in fields.items() if name != "kind"}
            made.append(made_up_event(self._made, kind=kind, **others))
        return list(self._runner.run(self._scene.commit(change_with(self._scene.state, *made))))

    def found(self, first: int, wanted: EventFilter, types: frozenset[str]) -> list[Event]:
        return self._runner.run(self._store.after(first - 1, 500, wanted=wanted, types=types))

    def close(self) -> None:
        self._runner.run(self._store.close())
        self._runner.close()


@pytest.fixture(scope="module")
def filled(test_server: TestServer) -> Iterator[Filled]:
    dsn = asyncio.run(test_server.create())
    filled = Filled(dsn)
    yield filled
    filled.close()
    asyncio.run(test_server.drop(dsn))


def test_every_parameter_is_tried() -> None:
    assert set(parameters) == set(PARAMETERS)


@given(generated=events, query=queries)
def test_the_store_finds_what_the_predicate_lets_through(
    filled: Filled, generated: list[dict[str, object]], query: dict[str, list[str]]
) -> None:
    stored = filled.add(generated)
    wanted = parse_filter(query)
    assert filled.found(stored[0].id, wanted, ALL_TYPES) == [
        event for event in stored if wanted.matches(event)
    ]


@given(generated=events, types=st.frozensets(st.sampled_from([*EVENT_TYPES, "scan"])))
def test_the_store_finds_the_types_that_were_asked_for(
    filled: Filled, generated: list[dict[str, object]], types: frozenset[str]
) -> None:
    stored = filled.add(generated)
    kinds = {EVENT_TYPES[word] for word in types if word in EVENT_TYPES}
    found = filled.found(stored[0].id, EventFilter(), types)
    assert found == [event for event in stored if event.event_type in kinds]
