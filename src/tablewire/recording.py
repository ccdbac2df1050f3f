"""Keeping a running service's exchanges with its providers, where the operator asks for it."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from tablewire.providers.recording import Recorder
from tablewire.providers.recording_file import RecordingFile, place_for
from tablewire.providers.secret_names import secrets_in
from tablewire.settings import Settings
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("recording")

Now = Callable[[], datetime]
Say = Callable[[str], None]


@asynccontextmanager
async def recording(settings: Settings, now: Now) -> AsyncIterator[Recorder | None]:
    """What RECORD asks for, as long as the block lasts; None where it asks for nothing. Raises RecordingError."""
    if settings.providers.record is None:
        yield None
        return
    path = place_for(settings.providers.record, now())
    async with recorder_at(path, settings, settings.providers.enabled, now, say=_warn) as recorder:
        _inform(f"every exchange with the providers is kept in {path}, scrubbed of secrets")
        yield recorder
    lost = f", and {recorder.lost} were lost" if recorder.lost else ""
    _inform(f"{recorder.kept} exchanges were kept in {path}{lost}")


@asynccontextmanager
async def recorder_at(
    path: Path, settings: Settings, providers: tuple[str, ...], now: Now, *, say: Say
) -> AsyncIterator[Recorder]:
    """A recorder that writes to a new file until the block ends. Raises RecordingError."""
    limit = settings.providers.record_limit_mb * 1_000_000
    file = RecordingFile(path, limit=limit, provider=",".join(providers), started_at=now())
    secrets = settings.secrets() | secrets_in(os.environ)
    recorder = Recorder(file, secrets=secrets, now=now, say=say)
    try:
        yield recorder
    finally:
        await recorder.aclose()


def _inform(message: str) -> None:
    log.info(LogEvent.RECORDING, message=message)


def _warn(message: str) -> None:
    log.warning(LogEvent.RECORDING, message=message)
