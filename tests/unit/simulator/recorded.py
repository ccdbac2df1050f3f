"""Recordings made by hand."""

import gzip
import json
from pathlib import Path
from typing import Any

HEADER = {
    "format": "tablewire-recording",
    "version": 1,
    "provider": "resy",
    "started_at": "2026-10-20T16:00:00Z",
}


def exchange(**changes: Any) -> dict[str, Any]:
    return {
        "at": "2026-10-20T16:00:01.250000Z",
        "provider": "resy",
        "method": "POST",
        "path": "/3/venuesearch/search",
        "request": '{"page":1}',
        "status": 200,
        "content_type": "application/json; charset=utf-8",
        "retry_after": None,
        "body": '{"n":1}',
        "error": None,
        **changes,
    }


def written(folder: Path, *exchanges: Any, header: Any = HEADER, packed: bool = False) -> Path:
    text = "".join(json.dumps(one) + "\n" for one in (header, *exchanges))
    file = folder / ("recording.ndjson.gz" if packed else "recording.ndjson")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return file
