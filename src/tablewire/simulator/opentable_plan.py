"""The floor plan of a house on OpenTable: which tables it sells there, where in the house, and as what."""

import random
from collections.abc import Sequence

from tablewire.simulator.plan import DINNER, LUNCH, Place, Plan, Template

DEFAULT_AREA = "default"
_AREAS = ("bar", "highTop", "outdoor", "counter")
_SIZES = ((1, 2), (1, 2), (2, 2), (2, 4), (2, 4), (2, 6), (3, 4))
_STANDARD, _EXPERIENCE, _POINTS = range(3)


def draw_opentable_plan(rng: random.Random, party_sizes: Sequence[int]) -> Plan:
    """Invent a plan: dinner, often lunch, sometimes starts after midnight; every table is for the public."""
    lead = rng.choice((0, 0, 900))
    templates = [
        Template(seconds_off=lead),
        Template(seconds_off=lead, kind="experience"),
        Template(seconds_off=lead, kind="points"),
    ]
    areas = [DEFAULT_AREA, *rng.sample(_AREAS, rng.choice((0, 0, 1, 2)))]
    step = rng.choice((15, 15, 30))
    places = [
        _place(rng, templates, number, area, service, start)
        for number, area in enumerate(areas)
        for service, start in _starts(rng, step)
        if rng.random() < 0.75 - 0.2 * number
    ]
    return Plan(templates, places, party_sizes)


def _starts(rng: random.Random, step: int) -> list[tuple[int, int]]:
    first, last = rng.choice((990, 1020, 1050)), rng.choice((1260, 1290, 1320))
    starts = [(DINNER, minute) for minute in range(first, last + 1, step)]
    if rng.random() < 0.45:
        starts += [(LUNCH, minute) for minute in range(rng.choice((660, 690, 720)), 871, step)]
    if rng.random() < 0.12:
        starts += [(DINNER, minute) for minute in range(last + 30, rng.choice((1456, 1486)), 30)]
    return starts


def _place(
    rng: random.Random, templates: list[Template], number: int, area: str, service: int, start: int
) -> Place:
    least, most = rng.choice(_SIZES)
    template = rng.choices((_STANDARD, _EXPERIENCE, _POINTS), (88, 8, 4))[0]
    return Place(
        start=start,
        off=templates[template].off_minute(start),
        turn=90,
        least=least,
        most=most,
        config_type=area,
        seating=area,
        config=number * 10 + most,
        template=template,
        service=service,
    )
