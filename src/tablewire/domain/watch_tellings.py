"""What a watch tells its user, in words."""

from collections.abc import Iterator

from tablewire.domain.messages import day_name, for_sizes, named, table_title
from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.domain.sightings import Sighting
from tablewire.domain.watch_news import Comparison, FoundName
from tablewire.domain.watches import Watch


def tellings_of_tables(
    watch: Watch, comparison: Comparison, open_now: frozenset[tuple[str, str]]
) -> Iterator[Telling]:
    """One for each table that opened; `open_now` has the (slot, opening) of those that are open still."""
    for one in comparison.news:
        gone = (one.slot_key, one.opening) not in open_now
        yield Telling(
            user_id=watch.user_id,
            kind=Kind.WATCH,
            title=table_title(one.venue_name, one.party_sizes, one.slot_date, one.slot_time),
            body=_where(one, "It opened since the last check, and is gone again." if gone else "Open now."),
            source_id=watch.id,
            event_id=one.event_id,
            slot_key=one.slot_key,
            opening=one.opening,
            book_url=one.book_url,
            facts=_facts(one),
        )


def telling_of_name(watch: Watch, key: str, found: FoundName) -> Telling:
    """One for a name that is new since the version that the watch compared with last; that version names the opening."""
    first, others = found.first, found.tables - 1
    more = f", and {others} more" if others else ""
    return Telling(
        user_id=watch.user_id,
        kind=Kind.WATCH,
        title=f"{named(found.name)} has tables",
        body=_where(
            first,
            f"The first is{for_sizes(first.party_sizes)}, {day_name(first.slot_date)} {first.slot_time:%H:%M}{more}.",
        ),
        source_id=watch.id,
        event_id=first.event_id,
        slot_key=f"name:{key}",
        opening=str(watch.seen_version),
        book_url=first.book_url,
        facts=_facts(first),
    )


def _where(one: Sighting, said: str) -> str:
    return f"{one.neighborhood}. {said}" if one.neighborhood else said


def _facts(one: Sighting) -> Facts:
    return Facts(
        market=one.market,
        provider=one.provider,
        venue_id=one.venue_id,
        venue_name=one.venue_name,
        neighborhood=one.neighborhood,
        service_date=one.service_date,
        slot_date=one.slot_date,
        slot_time=one.slot_time,
        party_sizes=one.party_sizes,
        opened_at=one.opened_at,
        image_url=one.image_url,
    )
