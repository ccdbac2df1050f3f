"""The doctor: looks at everything the service needs, and says what is wrong and how to mend it."""

from datetime import UTC, datetime

import msgspec

from tablewire.app import VERSION
from tablewire.engine.clock import SystemClock
from tablewire.errors import StoreError, TablewireError
from tablewire.running import database, make_providers
from tablewire.services.channels import examine_channels
from tablewire.settings import Settings
from tablewire.storage import migrate
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics

MOST_CLOCK_ERROR = 2.0
"""Seconds by which this machine's clock and the database's may differ."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    well: bool
    says: str
    remedy: str | None = None


async def examine(settings: Settings) -> list[Finding]:
    """Look at the database, its migrations, the clock, the channels, and each provider with one real call."""
    findings = [Finding("settings", well=True, says=f"{len(settings.shown)} settings, none is wrong")]
    try:
        async with database(settings) as dsn:
            findings += await _database(dsn)
    except (StoreError, OSError) as error:
        remedy = "Start PostgreSQL, or look at TABLEWIRE_DATABASE_URL and TABLEWIRE_DATA_DIR."
        findings.append(Finding("database", well=False, says=str(error), remedy=remedy))
    return findings + await _providers(settings)


async def _database(dsn: str) -> list[Finding]:
    revision = await migrate.current(dsn)
    store = await PostgresStore.open(dsn)
    try:
        before = datetime.now(UTC)
        theirs = await store.now()
        head = migrate.head()
        channels = [await _channels(store, theirs)] if revision == head else []
    finally:
        await store.close()
    findings = [Finding("database", well=True, says="it answers")]
    at_head = revision == head
    says = f"at {revision or 'nothing yet'}" + ("" if at_head else f", newest is {head}")
    findings.append(Finding("migrations", at_head, says, None if at_head else "Run `tablewire migrate`."))
    off = abs((theirs - before).total_seconds())
    findings.append(
        Finding(
            "clock",
            off <= MOST_CLOCK_ERROR,
            f"{off:.1f} s apart from the database's",
            None if off <= MOST_CLOCK_ERROR else "Set this machine's clock, with NTP.",
        )
    )
    return findings + channels


async def _channels(store: PostgresStore, now: datetime) -> Finding:
    wrong = await examine_channels(store.people.outbox, now)
    remedy = (
        "Look at the log for `deliver`; a channel that fails says why in GET /channels." if wrong else None
    )
    return Finding("channels", not wrong, "; ".join(wrong) or "nothing waits, and none fails", remedy)


async def _providers(settings: Settings) -> list[Finding]:
    try:
        providers = make_providers(settings, SystemClock(), Metrics(version=VERSION, demo=settings.demo))
    except TablewireError as error:
        return [Finding("providers", well=False, says=str(error), remedy="Look at TABLEWIRE_PROVIDERS.")]
    missing = settings.not_polled
    findings = [
        Finding(provider_id, well=True, says=f"not polled: {why}") for provider_id, why in missing.items()
    ]
    for provider_id, provider in providers.items():
        if provider_id in missing:
            continue
        trouble = await provider.probe()
        remedy = None if trouble is None else f"Look at the TABLEWIRE_{provider_id.upper()}_… settings."
        findings.append(Finding(provider_id, trouble is None, trouble or "it answers", remedy))
    for provider in providers.values():
        await provider.aclose()
    return findings
