"""A venue's floor plan: which tables it sells at which times, and under which template."""

import random
from collections.abc import Sequence
from typing import Literal

import msgspec

TemplateKind = Literal["plain", "event", "pickup", "experience", "points"]

DINNER, LUNCH = 2, 3
_SEATINGS = (  # what the configuration is called, and what the token calls the seating
    ("Dining Room", "Dining Room"),
    ("Bar", "Bar"),
    ("Patio", "Patio"),
    ("Dinner ", "Dining"),
    ("Standard", "Lounge"),
    ("Table", "12"),
    ("Chef's Counter", "Chef's Counter"),
    ("Outdoor", "Outdoor"),
)
_SIZES = ((1, 2), (1, 2), (2, 2), (2, 4), (2, 4), (2, 4), (3, 4), (2, 6), (4, 6))


class Template(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """The terms a table is sold under. `seconds_off` and `time_off` say when it leaves the market by itself."""

    kind: TemplateKind = "plain"
    seconds_off: int | None = None
    time_off: str | None = None
    fee: float | None = None
    reservation_type: str = ""

    def off_minute(self, start: int) -> int:
        """The minute, counted from the service day's midnight, at which a table that starts at `start` goes."""
        lead = (self.seconds_off or 0) // 60
        if self.time_off is None:
            return start - lead
        hours, minutes = int(self.time_off[:2]), int(self.time_off[3:5])
        return min(start, (start - lead) // 1440 * 1440 + hours * 60 + minutes)


class Place(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """One table at one time of day. Minutes count from the service day's midnight; a late one passes 1,440."""

    start: int
    off: int
    turn: int
    least: int
    most: int
    config_type: str
    seating: str
    config: int
    template: int
    service: int
    exclusive: int = 0
    eligible: bool = True
    dining_access: bool = False
    public: bool = True


class Plan:
    """The tables of a venue, in the order in which they leave the market."""

    def __init__(
        self, templates: Sequence[Template], places: Sequence[Place], party_sizes: Sequence[int]
    ) -> None:
        self.templates = tuple(templates)
        self.places = tuple(sorted(places, key=lambda place: (place.off, place.start, place.config)))
        self.by_start = tuple(sorted(range(len(self.places)), key=lambda at: (self.places[at].start, at)))
        self.everything = (1 << len(self.places)) - 1
        self.most = max((place.most for place in self.places if place.public), default=2)
        self.serves_lunch = any(place.service == LUNCH for place in self.places)
        starts: dict[int, list[int]] = {}
        for index in self.by_start:
            starts.setdefault(self.places[index].start, []).append(index)
        self.at_start = {start: tuple(indexes) for start, indexes in starts.items()}
        self.size_bits = tuple(size_bits(place, party_sizes) for place in self.places)


def size_bits(place: Place, party_sizes: Sequence[int]) -> int:
    """Which of the watched party sizes the public can book here: bit i stands for `party_sizes[i]`."""
    if not place.public:
        return 0
    return sum(1 << bit for bit, size in enumerate(party_sizes) if place.least <= size <= place.most)


def draw_plan(rng: random.Random, party_sizes: Sequence[int]) -> Plan:
    """Invent a plan: one to three seatings, dinner, often lunch, sometimes starts after midnight."""
    templates = _draw_templates(rng)
    places: list[Place] = []
    step = rng.choice((15, 15, 30))
    for number, (config_type, seating) in enumerate(rng.sample(_SEATINGS, rng.choice((1, 1, 1, 2, 2, 3)))):
        for service, start in _starts(rng, step):
            if rng.random() < 0.75 - 0.2 * number:
                places += _draw_places(rng, templates, number, config_type, seating, service, start)
    return Plan(templates, places, party_sizes)


def _draw_templates(rng: random.Random) -> list[Template]:
    usual = rng.choice((0, 900, 1800, 3600, 7200))
    fee = rng.choice((None, None, 25.0, 50.0))
    return [
        Template(),
        Template(seconds_off=usual, fee=fee, reservation_type=rng.choice(("", "Dining Room"))),
        Template(seconds_off=86400, time_off="23:00:00"),
        Template(seconds_off=usual, kind="event"),
        Template(seconds_off=usual, kind="pickup"),
    ]


def _starts(rng: random.Random, step: int) -> list[tuple[int, int]]:
    first, last = rng.choice((960, 990, 1020, 1050)), rng.choice((1260, 1290, 1320, 1350))
    starts = [(DINNER, minute) for minute in range(first, last + 1, step)]
    if rng.random() < 0.45:
        starts += [(LUNCH, minute) for minute in range(rng.choice((660, 690, 720)), 871, step)]
    if rng.random() < 0.12:
        starts += [(DINNER, minute) for minute in range(last + 30, rng.choice((1456, 1486)), 30)]
    return starts


def _draw_places(
    rng: random.Random,
    templates: list[Template],
    number: int,
    config_type: str,
    seating: str,
    service: int,
    start: int,
) -> list[Place]:
    least, most = rng.choice(_SIZES)
    kind = rng.choices(
        ("plain", "early", "exclusive", "access", "event", "pickup"), (80, 14, 1.5, 1.5, 1.5, 1.0)
    )[0]
    template = {"early": 2, "event": 3, "pickup": 4}.get(kind, rng.choice((0, 1, 1)))
    place = Place(
        start=start,
        off=templates[template].off_minute(start),
        turn=rng.choice((75, 90, 90, 105)),
        least=least,
        most=most,
        config_type=config_type,
        seating=seating,
        config=number * 10 + (1 if most <= 2 else 2 if most <= 4 else 3),
        template=template,
        service=service,
        exclusive=1000 if kind == "access" else 0,
        eligible=kind != "exclusive",
        dining_access=kind == "access",
        public=kind in ("plain", "early"),
    )
    if rng.random() < 0.015:  # the same token under another configuration
        return [place, msgspec.structs.replace(place, config=place.config + 5)]
    return [place]
