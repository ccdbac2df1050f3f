"""`tablewire export events` on a database."""

import asyncio
import csv
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from tablewire.errors import StoreUnavailable
from tablewire.export_command import exports
from tablewire.export_formats import COLUMNS, WRITERS, Format
from tablewire.settings import Settings
from tablewire.storage.export import PART
from tablewire.storage.store import PostgresStore
from tests.stored_log import store_log

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)


class Exports:
    """Runs the command on a database, as an operator does."""

    def __init__(self, dsn: str, folder: Path) -> None:
        environ = {"TABLEWIRE_DATABASE_URL": dsn, "TABLEWIRE_DATA_DIR": str(folder)}
        self._settings = Settings.load(environ, folder / ".env")
        self.folder = folder

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(
            exports, ["events", *words], obj=lambda: self._settings, catch_exceptions=False
        )

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """What is written to the output as JSON a line."""
        return [
            json.loads(line) for line in self.run("--format", "ndjson", "-o", "-", *words).stdout.splitlines()
        ]


@pytest.fixture
def exported(dsn: str, tmp_path: Path) -> Exports:
    asyncio.run(store_log(dsn, 6, NOON, name='Chez "Une", 東京'))
    return Exports(dsn, tmp_path)


def test_json_lines_are_events_as_the_feed_has_them_in_its_order(exported: Exports) -> None:
    events = exported.lines()
    assert [event["id"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert list(events[0]) == list(COLUMNS)
    first = events[0]
    assert (first["venue_name"], first["opened_at"]) == ('Chez "Une", 東京', "2026-02-10T12:00:00Z")
    assert (first["party_sizes"], first["seatings"]) == ([2, 4], ['Dining, "room"'])


def test_csv_says_the_same_with_lists_as_json_and_nothing_as_nothing(exported: Exports) -> None:
    path = exported.folder / "events.csv"
    result = exported.run("--format", "csv", "-o", str(path))
    assert (result.stdout, "6 events in" in result.stderr) == ("", True)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, event in zip(rows, exported.lines(), strict=True):
        assert list(row) == list(COLUMNS)
        assert json.loads(row["seatings"]) == event["seatings"]
        assert row["venue_name"] == event["venue_name"]
        assert row["drop_duration_seconds"] == ("" if event["closed_at"] is None else "60.0")
        assert row["approximate"] == "false"


def test_parquet_has_typed_columns(exported: Exports) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = exported.folder / "events.parquet"
    assert exported.run("-o", str(path)).exit_code == 0
    table = parquet.read_table(path)
    assert table.column_names == list(COLUMNS)
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["opened_at"], kinds["slot_date"]) == ("timestamp[us, tz=UTC]", "date32[day]")
    read = table.to_pylist()
    assert [row["closed_at"] for row in read[:2]] == [None, NOON + timedelta(minutes=2)]
    assert read[0]["party_sizes"] == [2, 4]
    assert read[0]["event_type"] == "NEW_DROP"


def test_a_span_of_time_takes_events_by_when_they_happened_its_end_left_out(exported: Exports) -> None:
    # Drops come at 12:00, 12:02, 12:04; closings one minute after the minute before them: 12:02, 12:04, 12:06.
    since, until = "2026-02-10T12:02:00Z", "2026-02-10T13:04:00+01:00"
    assert [event["id"] for event in exported.lines("--since", since, "--until", until)] == [2, 3]
    assert exported.lines("--since", "2026-02-11") == []
    assert len(exported.lines("--until", "2026-02-11")) == 6


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", "2026-02-10T12:00:00"])
def test_a_time_that_is_none_is_named(exported: Exports, wrong: str) -> None:
    result = exported.run("--since", wrong, "-o", "-", "--format", "csv")
    assert (result.exit_code, wrong in result.stderr) == (2, True)


def test_an_end_before_the_beginning_is_refused(exported: Exports) -> None:
    result = exported.run("--since", "2026-02-10", "--until", "2026-02-09", "-o", "-", "--format", "csv")
    assert (result.exit_code, "after --since" in result.stderr) == (2, True)


def test_parquet_does_not_go_to_the_output(exported: Exports) -> None:
    result = exported.run("-o", "-")
    assert (result.exit_code, "needs a file" in result.stderr) == (2, True)


def test_a_database_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    exported = Exports(f"postgresql://x@/x?host={tmp_path}", tmp_path)
    with pytest.raises(StoreUnavailable):
        exported.run("-o", str(tmp_path / "out"), "--format", "csv")
    assert list(tmp_path.iterdir()) == []


class Nowhere:
    """A file that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


@pytest.mark.parametrize("format", ["csv", "ndjson"])
async def test_memory_does_not_grow_with_the_log(dsn: str, store: PostgresStore, format: Format) -> None:
    await store_log(dsn, 5 * PART, NOON)
    writer, held = WRITERS[format](Nowhere()), list[int]()  # type: ignore[arg-type]  # all that a writer asks for
    tracemalloc.start()
    async with store.export.events(None, None) as parts:
        while part := await parts.next():
            writer.write(part)
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(held) == 5
    assert held[-1] < 1.2 * held[1]


async def test_what_is_removed_while_it_is_read_is_in_it_all_the_same(dsn: str, store: PostgresStore) -> None:
    await store_log(dsn, PART + 1, NOON)
    async with store.export.events(None, None) as parts:
        first = await parts.next()
        connection = await asyncpg.connect(dsn)
        await connection.execute("DELETE FROM availability_events")
        await connection.close()
        rest = await parts.next()
        assert (len(first), len(rest), await parts.next()) == (PART, 1, [])
