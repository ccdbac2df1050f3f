"""What was found of forecasts, on PostgreSQL."""

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.insights.forecast import Prior
from tablewire.insights.scoring import Verdict
from tablewire.storage.failures import unavailable
from tablewire.storage.figure_door import Judged
from tablewire.storage.figure_tables import forecast_verdicts


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    """A prior; what its kinds are counted by is no key that can be packed."""

    rates: tuple[tuple[float, ...], ...]
    weight: float
    kinds: list[tuple[int, int, int]]


class PostgresVerdicts:
    """See `figure_door.VerdictBook`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep_judged(self, judged: Judged) -> None:
        """Store a verdict."""
        row = {
            "market": judged.market,
            "computed_at": judged.computed_at,
            "learned_from": judged.learned_from,
            "held_out_from": judged.held_out_from,
            "verdict": msgspec.to_builtins(judged.verdict, str_keys=True),
            "prior": _pack(judged.prior),
        }
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(insert(forecast_verdicts).values(row).on_conflict_do_nothing())

    async def judged(self, market: str | None, limit: int) -> list[Judged]:
        """The newest verdicts."""
        statement = select(forecast_verdicts).order_by(forecast_verdicts.c.computed_at.desc()).limit(limit)
        if market is not None:
            statement = statement.where(forecast_verdicts.c.market == market)
        with unavailable():
            async with self._engine.connect() as connection:
                found = (await connection.execute(statement)).all()
        return [
            Judged(
                market=row.market,
                computed_at=row.computed_at,
                learned_from=row.learned_from,
                held_out_from=row.held_out_from,
                verdict=msgspec.convert(row.verdict, Verdict, strict=False),
                prior=_unpack(row.prior),
            )
            for row in found
        ]


def _pack(prior: Prior) -> bytes:
    kinds = sorted((minute, sizes, count) for (minute, sizes), count in prior.kinds.items())
    return msgspec.msgpack.encode(_Packed(prior.rates, prior.weight, kinds))


def _unpack(body: bytes) -> Prior:
    packed = msgspec.msgpack.decode(body, type=_Packed)
    kinds = {(minute, sizes): count for minute, sizes, count in packed.kinds}
    return Prior(rates=packed.rates, weight=packed.weight, kinds=kinds)
