"""Passes: a pass over a date is complete when every page of it has been answered, over several cycles if need be."""

from collections.abc import Iterable, Mapping

from tablewire.domain.snapshots import Answer


class Passes:
    """The passes over one date at one provider, by party size; memory only."""

    def __init__(self) -> None:
        self._pages: dict[int, set[int]] = {}
        self._met: dict[int, set[str]] = {}

    def take(self, answers: Iterable[Answer]) -> Mapping[int, frozenset[str]]:
        """Work in answered pages; for each party size whose pass this completes, all venues that came up in it."""
        complete: dict[int, frozenset[str]] = {}
        for answer in answers:
            if answer.one_venue or answer.page < 1:
                continue
            size = answer.party_size
            pages = self._pages.setdefault(size, set())
            met = self._met.setdefault(size, set())
            pages.add(answer.page)
            met.update(said.venue_id for said in answer.venues)
            if pages.issuperset(range(1, answer.total_pages + 1)):
                complete[size] = complete.get(size, frozenset()) | met
                self._pages[size] = set()
                self._met[size] = set()
        return complete
