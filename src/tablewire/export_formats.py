"""The formats in which events are exported: Parquet, CSV, and JSON a line."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import IO, Any, Literal, Protocol

import msgspec

from tablewire.domain.events import Event

Format = Literal["parquet", "csv", "ndjson"]
COLUMNS = Event.__struct_fields__
"""The same in every format, in this order: docs/export.md says what they mean."""

ROW_GROUP = 65_536
"""Rows of Parquet that are compressed together; so many are in memory, packed."""


class EventWriter(Protocol):
    """Writes events to a file that somebody else opened and closes."""

    def write(self, events: Sequence[Event]) -> None:
        """Add some."""
        ...

    def close(self) -> None:
        """Write what is still to be written."""
        ...


class NdjsonWriter:
    """One JSON object a line, as the feed has it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._encode = msgspec.json.Encoder().encode

    def write(self, events: Sequence[Event]) -> None:
        """Add some."""
        self._out.write(b"".join(self._encode(event) + b"\n" for event in events))

    def close(self) -> None:
        """All is written."""


class CsvWriter:
    """RFC 4180 with a header; lists are JSON, nothing is an empty field."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._write_rows([COLUMNS])

    def write(self, events: Sequence[Event]) -> None:
        """Add some."""
        self._write_rows([_texts(event) for event in events])

    def close(self) -> None:
        """All is written."""

    def _write_rows(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self._out.write(text.getvalue().encode())


class ParquetWriter:
    """Typed columns, compressed; pyarrow is imported when the first one is made."""

    def __init__(self, out: IO[bytes]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - the service itself does without it
        from pyarrow import parquet  # noqa: PLC0415 - as above

        self._pa: Any = pa
        self._schema: Any = _schema(pa)
        self._writer: Any = parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._rows = 0

    def write(self, events: Sequence[Event]) -> None:
        """Add some."""
        columns = [
            self._pa.array([getattr(event, field.name) for event in events], field.type)
            for field in self._schema
        ]
        self._waiting.append(self._pa.record_batch(columns, schema=self._schema))
        self._rows += len(events)
        if self._rows >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the rest, and what a reader finds the columns by."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            table = self._pa.Table.from_batches(self._waiting, schema=self._schema)
            self._writer.write_table(table, row_group_size=self._rows)
        self._waiting, self._rows = [], 0


WRITERS: dict[Format, Callable[[IO[bytes]], EventWriter]] = {
    "parquet": ParquetWriter,
    "csv": CsvWriter,
    "ndjson": NdjsonWriter,
}


def _texts(event: Event) -> list[str]:
    return [_text(value) for value in msgspec.to_builtins(event).values()]


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _schema(pa: Any) -> Any:
    """The columns' types; whatever is not named here is text."""
    instant = pa.timestamp("us", tz="UTC")
    types = {
        "id": pa.int64(),
        "service_date": pa.date32(),
        "slot_date": pa.date32(),
        "slot_time": pa.time64("us"),
        "price_range": pa.int16(),
        "party_sizes": pa.list_(pa.int16()),
        "seatings": pa.list_(pa.string()),
        "availability_times": pa.list_(pa.string()),
        "drop_duration_seconds": pa.float64(),
        "approximate": pa.bool_(),
        **dict.fromkeys(("opened_at", "opened_after", "first_seen_at", "last_seen_at", "closed_at"), instant),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
