"""The figures of a market by metric type: as they are kept, and as they are read again."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tablewire.insights.density import Density
from tablewire.insights.market import MarketFigures

DENSITY: Final = "forward_availability_density"
_WINDOW: Final = ("window_start", "window_end")
METRIC_TYPES: Final = (*(name for name in MarketFigures.__struct_fields__ if name not in _WINDOW), DENSITY)


def packed(figures: MarketFigures, ahead: tuple[Density, ...] | None) -> dict[str, bytes]:
    """The value of each metric type as JSON; `ahead` is left out where it is not known."""
    values = {name: getattr(figures, name) for name in METRIC_TYPES if name != DENSITY}
    if ahead is not None:
        values[DENSITY] = ahead
    return {name: msgspec.json.encode(value) for name, value in values.items()}


def unpacked(values: Mapping[str, bytes], start: int, end: int) -> MarketFigures | None:
    """The figures of a window (microseconds); None where some are missing, as in rows of another version."""
    fields = {name: msgspec.Raw(value) for name, value in values.items() if name != DENSITY}
    whole = msgspec.json.encode(fields | {"window_start": start, "window_end": end})
    try:
        return msgspec.json.decode(whole, type=MarketFigures)
    except msgspec.ValidationError:
        return None
