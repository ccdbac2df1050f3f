"""Small wrong changes to the rules, each of which the generated histories have to find, and the right rules beside them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import tablewire

SOURCE = Path(tablewire.__file__).parent
DETECTED = 3
"""The exit status that says: a property does not hold."""


@dataclass(frozen=True)
class Mutant:
    """One wrong change: in which module of the domain, what stands there, and what is put in its place."""

    name: str
    module: str
    old: str
    new: str

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


MUTANTS = (
    Mutant(
        "what a stale pair shows is announced",
        "diff",
        "or judged.answer.sent_at - pair.observed_at > judged.gap",
        "",
    ),
    Mutant(
        "half-understood answers close",
        "diff",
        "if said.whole and not judged.suspect:",
        "if not judged.suspect:",
    ),
    Mutant("suspect answers close", "diff", "if said.whole and not judged.suspect:", "if said.whole:"),
    Mutant(
        "no answer is ever suspect",
        "guard",
        "if not cleared_at:",
        "if True:",
    ),
    Mutant(
        "few venues among empty ones are believed at once",
        "guard",
        "if len(cleared_at) >= rules.suspect_venues or not said_before:",
        "if len(cleared_at) >= rules.suspect_venues:",
    ),
    Mutant(
        "most slots gone is not suspect",
        "guard",
        "return cleared >= rules.suspect_slots and 2 * cleared > were_open",
        "return False",
    ),
    Mutant(
        "one venue that is sold out at once is not suspect",
        "guard",
        "if answer.one_venue and cleared > 1 and cleared == were_open:",
        "if False:",
    ),
    Mutant("slots whose time has come count as lost", "guard", "and at < own_time(slot, rules)", ""),
    Mutant(
        "the baseline is ignored",
        "diff",
        "in_baseline = slot.slot_id in self.state.baseline",
        "in_baseline = False",
    ),
    Mutant("the baseline is not remembered", "state", "self.baseline.add(slot.slot_id)", "pass"),
    Mutant(
        "a first observation announces",
        "diff",
        "return Standing.FIRST\n        if pair.count",
        "return Standing.FRESH\n        if pair.count",
    ),
    Mutant(
        "one observation too many makes the baseline",
        "diff",
        "if pair.count < self.rules.baseline_polls and not self",
        "if pair.count <= self.rules.baseline_polls and not self",
    ),
    Mutant(
        "an opening after a gap joins the baseline",
        "diff",
        "origin = Origin.AFTER_GAP",
        "origin, in_baseline = Origin.AFTER_GAP, True",
    ),
    Mutant(
        "an empty first page is believed when said once, though other tables are open",
        "diff",
        "if pair.doubts < _SAID_TWICE and self.state.open:",
        "if False:",
    ),
    Mutant("an empty first page is believed", "state", "if observed.doubtful:", "if False:"),
    Mutant(
        "a confirmed closing is dated when it is confirmed",
        "diff",
        "closed_at = before.missed_at or self.seen.at",
        "closed_at = self.seen.at",
    ),
    Mutant(
        "a hold lasts while suspect answers come",
        "diff",
        "if missed_at is not None and self.seen.at - missed_at >= self.rules.hold_limit:",
        "if False:",
    ),
    Mutant(
        "a slot that is back keeps its mark",
        "diff",
        "draft.sizes.add(size)\n            draft.missed.discard(size)",
        "draft.sizes.add(size)",
    ),
    Mutant(
        "the opening is bounded by its own poll",
        "diff",
        "opened_after=max(draft.fresh_after, default=None)",
        "opened_after=self.seen.at",
    ),
    Mutant(
        "the earliest fresh pair bounds the opening",
        "diff",
        "opened_after=max(draft.fresh_after, default=None)",
        "opened_after=min(draft.fresh_after, default=None)",
    ),
    Mutant(
        "observed means arrived",
        "state",
        "pair.observed_at = observed.sent_at",
        "pair.observed_at = observed.arrived_at",
    ),
    Mutant("the last sighting is forgotten", "state", "yield pair.observed_at", "pass"),
    Mutant(
        "sizes are not cleared",
        "diff",
        "draft.sizes.discard(size)\n            draft.missed.discard(size)\n            draft.gap",
        "draft.gap",
    ),
    Mutant("the last size but one closes", "diff", "elif not draft.sizes:", "elif len(draft.sizes) < 2:"),
    Mutant(
        "closings tell only the last sizes",
        "changes",
        "party_sizes=slot.ever_sizes,",
        "party_sizes=slot.sizes,",
    ),
    Mutant(
        "expired counts as taken",
        "diff",
        "reason = CloseReason.EXPIRED if closed_at >= own_time(before, self.rules) else CloseReason.TAKEN",
        "reason = CloseReason.TAKEN",
    ),
    Mutant(
        "the clock closes nothing",
        "endings",
        "return [slot for slot in state.open.values() if slot.starts_at <= at]",
        "return []",
    ),
    Mutant("past starts open", "diff", "return self.builder.starts_at(slot) > self.seen.at", "return True"),
    Mutant("late answers are applied", "diff", "if self._is_late(pair, judged):", "if False:"),
    Mutant(
        "an answer half used is not remembered as used",
        "diff",
        "self.heard.append((size, venue_id, judged.answer.arrived_at))",
        "pass",
    ),
    Mutant(
        "of two answers the earlier counts",
        "diff",
        "key=lambda judged: (judged.answer.sent_at, judged.answer.arrived_at)",
        "key=lambda judged: judged.answer.sent_at, reverse=True",
    ),
    Mutant("a held answer counts as agreed with", "state", "pair.last = None", "pass"),
    Mutant("one missed pass is enough to vanish", "diff", "+ 1 >= self.rules.vanish_passes", "+ 1 >= 1"),
    Mutant(
        "a vanished slot may have been seen just now",
        "diff",
        "if self.seen.at - last_seen >= self.rules.vanish_after:",
        "if True:",
    ),
    Mutant("what vanished is announced when it is back", "state", "pair.observed_at = None", "pass"),
    Mutant(
        "the cool-down is ignored",
        "diff",
        "return last is not None and self.seen.at - last < self.rules.drop_cooldown",
        "return False",
    ),
    Mutant(
        "every closing has a duration",
        "changes",
        "if opened_at is None or self.reason is not CloseReason.TAKEN:",
        "if opened_at is None:",
    ),
    Mutant(
        "a duration over a gap is told",
        "changes",
        "if self.closed_at - self.last_seen_at > self.longest_gap:",
        "if False:",
    ),
    Mutant(
        "dedupe keys end in the minute", "events", "{microseconds(at)}", "{microseconds(at) // 60_000_000}"
    ),
    Mutant(
        "an edge belongs to the earlier part", "buckets", "bisect_right(self.edges", "bisect_left(self.edges"
    ),
    Mutant(
        "a start after midnight is the afternoon's", "buckets", "if start.date() > service_date:", "if False:"
    ),
    Mutant("settings take nothing away", "endings", "if not left:", "if left is None:"),
    Mutant("a stored poll is not counted", "state", "self.row.remember(change)", "pass"),
)


def write(target: Path, mutant: Mutant | None) -> None:
    """Write the package's floor 0 under `target`, with the mutant's change. Raises AssertionError where it does not apply."""
    package = target / "tablewire"
    shutil.copytree(SOURCE / "domain", package / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "errors.py"):
        shutil.copy(SOURCE / name, package / name)
    if mutant is None:
        return
    path = package / "domain" / f"{mutant.module}.py"
    text = path.read_text()
    found = text.count(mutant.old)
    assert found == 1, (
        f"{mutant.old!r} stands {found} times in {mutant.module}.py; the mutant has to be brought up to date"
    )
    changed = text.replace(mutant.old, mutant.new)
    if "bisect_left" in mutant.new:
        changed = changed.replace("import bisect_right", "import bisect_left")
    compile(changed, str(path), "exec")
    path.write_text(changed)
