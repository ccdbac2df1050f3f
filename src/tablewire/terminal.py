"""What a person sees at the terminal: progress, addresses, and drops a line each; plain lines where it is no terminal."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

_COLOURS = {"drop": "bold green", "reopened": "cyan", "closed": "dim", "reset": "bold yellow"}


class BuildProgress:
    """The bar of the first build: how many buckets have their baseline."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._last = (-1, -1)

    def show(self, built: int, total: int) -> None:
        """Show a new state; the bar goes when all is built."""
        if (built, total) == self._last or total == 0:
            return
        complete_before = self._last[0] == self._last[1] and total == self._last[1]
        self._last = (built, total)
        if complete_before:
            return
        if self._console.is_terminal and built < total:
            self._draw(built, total)
        if built == total:
            self.close()
            self._console.print(f"All {total} buckets have their baseline; what opens from now on is news.")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, built: int, total: int) -> None:
        if self._bar is None:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("building baselines"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("buckets"),
                console=self._console,
                transient=True,
            )
            self._bar.add_task("baselines", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=built, total=total)


def event_line(kind: str, event: dict[str, Any]) -> Text:
    """One event as a line: when it was told, what happened, where and for whom."""
    told = event.get("closed_at") or event.get("opened_at") or event.get("first_seen_at") or ""
    line = Text()
    line.append(f"{_clock(told)}  ", style="dim")
    line.append(f"{kind:<8}  ", style=_COLOURS.get(kind, ""))
    line.append(f"{event['slot_date']} {event['slot_time'][:5]}  ")
    line.append(f"{_plain(event['venue_name'])}", style="bold")
    if event.get("neighborhood"):
        line.append(f", {_plain(event['neighborhood'])}")
    line.append(f"  for {' or '.join(map(str, event['party_sizes']))}")
    if event.get("seatings"):
        line.append(f"  {_plain(', '.join(event['seatings']))}", style="dim")
    if kind == "closed":
        line.append(f"  {event['close_reason']}{_after(event['drop_duration_seconds'])}")
    elif event.get("book_url"):
        line.append(f"  {_plain(event['book_url'])}", style="blue")
    return line


def _clock(instant: str) -> str:
    try:
        return datetime.fromisoformat(instant).astimezone(UTC).strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _after(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f" after {minutes} min {rest} s" if minutes else f" after {rest} s"


def _plain(text: str) -> str:
    """A text from outside without what could move the cursor."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
