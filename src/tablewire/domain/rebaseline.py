"""Rebaselining: what opened while nobody looked counts from now on as having been there all along."""

from datetime import datetime

import msgspec

from tablewire.domain.changes import ChangeBuilder
from tablewire.domain.events import Origin
from tablewire.domain.rules import Rules
from tablewire.domain.state import BucketState, Change


def rebaseline(state: BucketState, at: datetime, rules: Rules) -> Change | None:
    """Open slots without an opening event become baseline, all others stay as they are. None where there are none to change.

    Those are the slots that opened after a gap: a drop or a reopening has its event, and the rest are baseline already.
    """
    builder = ChangeBuilder(state, rules, at)
    for slot in state.open.values():
        if slot.origin == Origin.AFTER_GAP:
            builder.update(msgspec.structs.replace(slot, origin=Origin.BASELINE, in_baseline=True))
    return None if builder.nothing else builder.build(outcome=None, cause=None, scanned=False)
