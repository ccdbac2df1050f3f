"""The audit of one scenario: everything that is wrong with it, in sentences."""

from itertools import chain, islice

from tests.simulation.audit_closings import audit_closings
from tests.simulation.audit_end import audit_end
from tests.simulation.audit_log import audit_log
from tests.simulation.audit_openings import audit_openings
from tests.simulation.audit_recall import audit_recall
from tests.simulation.evidence import Evidence
from tests.simulation.truth import Truth
from tests.simulation.world import Played

_ENOUGH = 20
"""So many faults of one scenario say all there is to say."""


def audit(played: Played) -> list[str]:
    """What is wrong, at most so many sentences as anybody reads."""
    evidence, truth = Evidence(played), Truth(played)
    found = chain(
        played.story.wrong,
        audit_log(evidence),
        audit_openings(evidence, truth),
        audit_closings(evidence, truth),
        audit_recall(evidence),
        audit_end(evidence),
    )
    return list(islice(found, _ENOUGH))
