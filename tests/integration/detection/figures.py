"""The figures of runs as the rows of a table."""

from tests.integration.detection.verdict import Verdict

HEAD = (
    "| schedule | openings told / repeated / false | precision | told of those served twice (once) | "
    "closings right / false / missed (held) | delay p50, p95 (intervals) | calls a cycle | faults | excused | unseen blocks: closings, openings |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def row(name: str, verdict: Verdict) -> str:
    """One run in one line."""
    right = verdict.closings - verdict.false_closings - verdict.unseen_closings
    told, told_twice = (
        verdict.served - verdict.missed - verdict.excused,
        verdict.served_twice - verdict.missed_twice,
    )
    cells = (
        name,
        f"{verdict.openings} / {verdict.repeats} / {verdict.false_openings}",
        f"{verdict.precision:.4f}",
        f"{told_twice} of {verdict.served_twice} ({told} of {verdict.served})",
        f"{right} / {verdict.false_closings} / {verdict.missed_closings} ({verdict.held})",
        f"{verdict.delay(50):.2f}, {verdict.delay(95):.2f}",
        f"{verdict.calls / verdict.cycles:.1f}",
        f"{verdict.faults.total()}",
        f"{verdict.excused}",
        f"{verdict.unseen_closings}, {verdict.unseen_openings}",
    )
    return f"| {' | '.join(cells)} |"
