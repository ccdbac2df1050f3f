"""Where openings are likely: rates learned from what opened and from how long it was looked at."""

from collections.abc import Collection, Iterable
from datetime import time
from itertools import chain

import msgspec

from tablewire.storage.protocol import OpeningCount

HALF_LIFE = 7 * 86_400.0
"""Seconds after which what was learned counts half."""
_FADE_EVERY = 3600.0
_MARKET_RATE = 3e-5
"""Openings a second of one venue on one date, before anything is known."""
_MARKET_WEIGHT = 10.0
"""How many openings it takes to outweigh that."""
_VENUE_WEIGHT = 3.0
"""How many openings of its own it takes for a venue to count for itself and not for the market."""
_LEAD_FACTORS = (3.0, 2.0, 1.5)
"""How many times more opens today, tomorrow and the day after than later, before anything is known: guests cancel late."""
_LEAD_WEIGHT = 20.0
_RELEASED = 0.1
"""Openings of one venue and date at a release, before anything is known."""
_RELEASE_WEIGHT = 100.0
"""How many venues have to be looked at across a release to outweigh that."""
_SHARED = 0.6
"""Share of what one party size shows that another shows too, before anything is known."""
_SHARED_WEIGHT = 50.0


class Tally(msgspec.Struct, gc=False):
    """What opened, and what had to be looked at for it: seconds of venues, or venues at a release."""

    opened: float = 0.0
    looked: float = 0.0

    def fade(self, share: float) -> None:
        """Count for a share of what it did."""
        self.opened *= share
        self.looked *= share


class Likelihood:
    """Gamma-Poisson rates: a venue's own with the market's as prior, times a factor of the date's distance; and what releases bring.

    All of it is in memory, and fades with the days. Seconds count as looked at when both ends of them were: what opened in between
    was found, or was gone again.
    """

    def __init__(self) -> None:
        self._market = Tally()
        self._venues: dict[str, Tally] = {}
        self._leads: dict[int, Tally] = {}
        self._releases: dict[int, Tally] = {}
        self._releases_at: dict[tuple[time, int], Tally] = {}
        self._shown = Tally()
        self._faded_at: float | None = None

    # --- what is learned

    def looked(self, lead: int, venues: Collection[str], seconds: float) -> None:
        """Venues were looked at again after so many seconds."""
        weighted = seconds * self.lead_factor(lead)
        for venue in venues:
            self._venue(venue).looked += weighted
        self._market.looked += weighted * len(venues)
        self._lead(lead).looked += seconds * len(venues)

    def looked_across(self, release: time, lead: int, venues: int) -> None:
        """So many venues were looked at for the first time after a release, and had been before it."""
        for tally in self._at_release(release, lead):
            tally.looked += venues

    def opened(self, lead: int, venue: str, release: time | None) -> None:
        """A slot opened; with the release, where one lies between the looks before and after."""
        if release is not None:
            for tally in self._at_release(release, lead):
                tally.opened += 1
            return
        self._venue(venue).opened += 1
        self._market.opened += 1
        self._lead(lead).opened += 1

    def shown(self, sizes: int) -> None:
        """A slot has closed: so many party sizes had it."""
        self._shown.looked += sizes
        self._shown.opened += sizes if sizes > 1 else 0

    def restore(self, counts: Iterable[OpeningCount], seconds: float) -> None:
        """Take over what the log has of the last `seconds`, as if all that opened had been watched evenly.

        It does nothing where something has been learned already: a loop that is started again has lost nothing.
        """
        if self._market.looked:
            return
        found = list(counts)
        venues = {one.venue_id for one in found}
        for one in found:
            if one.release is not None:
                tallies: Iterable[Tally] = self._at_release(one.release, one.lead_days)
            else:
                tallies = self._market, self._venue(one.venue_id), self._lead(one.lead_days)
            for tally in tallies:
                tally.opened += one.openings
        weighted = seconds * len(self._leads)
        for venue in venues:
            self._venue(venue).looked += weighted
        self._market.looked += weighted * len(venues)
        for tally in self._leads.values():
            tally.looked += seconds * len(venues)
        for (_, lead), tally in self._releases_at.items():
            tally.looked += seconds / 86_400 * len(venues)
            self._releases[lead].looked += seconds / 86_400 * len(venues)

    def fade(self, now: float) -> None:
        """Let what was learned long ago count less."""
        if self._faded_at is None:
            self._faded_at = now
        if now - self._faded_at < _FADE_EVERY:
            return
        share = 0.5 ** ((now - self._faded_at) / HALF_LIFE)
        self._faded_at = now
        maps = (self._venues, self._leads, self._releases, self._releases_at)
        for tally in chain((self._market, self._shown), *(tallies.values() for tallies in maps)):
            tally.fade(share)

    # --- what follows

    def rate(self, lead: int, venues: Iterable[str]) -> float:
        """Openings a second to be expected of some venues on a date, releases aside."""
        market = self._market_rate()
        prior, weight, known = _VENUE_WEIGHT, _VENUE_WEIGHT / market, self._venues
        total = 0.0
        for venue in venues:
            own = known.get(venue)
            total += market if own is None else (prior + own.opened) / (weight + own.looked)
        return total * self.lead_factor(lead)

    def lead_factor(self, lead: int) -> float:
        """How many times more opens on a date so many days away than on the usual one."""
        prior = _LEAD_FACTORS[lead] if 0 <= lead < len(_LEAD_FACTORS) else 1.0
        own = self._leads.get(lead)
        if own is None:
            return prior
        return (own.opened + prior * _LEAD_WEIGHT) / (own.looked * self._market_rate() + _LEAD_WEIGHT)

    def released(self, release: time, lead: int, venues: int) -> float:
        """Openings to be expected of so many venues on a date when a release has come."""
        both, here = self._at_release(release, lead)
        pooled = (both.opened + _RELEASED * _RELEASE_WEIGHT) / (both.looked + _RELEASE_WEIGHT)
        return venues * (here.opened + pooled * _RELEASE_WEIGHT) / (here.looked + _RELEASE_WEIGHT)

    @property
    def shared(self) -> float:
        """Share of the openings that a look for one party size shows and that one for another would show too."""
        tally = self._shown
        return (tally.opened + _SHARED * _SHARED_WEIGHT) / (tally.looked + _SHARED_WEIGHT)

    def _market_rate(self) -> float:
        seconds = _MARKET_WEIGHT / _MARKET_RATE
        return (self._market.opened + _MARKET_WEIGHT) / (self._market.looked + seconds)

    def _venue(self, venue: str) -> Tally:
        found = self._venues.get(venue)
        if found is None:
            found = self._venues[venue] = Tally()
        return found

    def _lead(self, lead: int) -> Tally:
        return self._leads.setdefault(lead, Tally())

    def _at_release(self, release: time, lead: int) -> tuple[Tally, Tally]:
        return (
            self._releases.setdefault(lead, Tally()),
            self._releases_at.setdefault((release, lead), Tally()),
        )
