"""Learning from polls: when pages were answered, which venues they list, and what opened on them."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from tablewire.domain.events import Event, EventType
from tablewire.domain.markets import service_today
from tablewire.domain.snapshots import Answer
from tablewire.engine.likelihood import Likelihood
from tablewire.engine.pages import Page, PageBook
from tablewire.engine.releases import last_release


class Learning:
    """Keeps the pages and the likelihood of one provider's sweep in step with what comes back."""

    def __init__(self, book: PageBook, likelihood: Likelihood, zone: ZoneInfo) -> None:
        self._book = book
        self._likelihood = likelihood
        self._zone = zone

    def take(self, day: date, answers: Iterable[Answer], events: Iterable[Event]) -> None:
        """Take over what a date's poll brought back, and what was stored of it."""
        for event in events:
            self._learn_event(event)
        for answer in answers:
            if answer.page < 1:
                continue
            self._book.learn_total(day, answer.party_size, answer.total_pages, answer.sent_at.timestamp())
            page = self._book.find(day, answer.party_size, answer.page)
            if page is not None:
                self._learn_page(page, answer)

    def _learn_page(self, page: Page, answer: Answer) -> None:
        at, before = answer.sent_at.timestamp(), page.looked_at
        lead = (page.day - service_today(answer.sent_at, self._zone)).days
        page.venues = frozenset(said.venue_id for said in answer.venues)
        if before is not None and at > before:
            release = last_release(answer.sent_at, self._zone)
            if before < release.at:
                ahead = (page.day - release.day).days
                self._likelihood.looked_across(release.wall, ahead, len(page.venues))
            else:
                self._likelihood.looked(lead, page.venues, at - before)
        page.answered_at = page.looked_at = at
        page.rate = self._likelihood.rate(lead, page.venues)
        self._book.share(page, at)

    def _learn_event(self, event: Event) -> None:
        if event.event_type is EventType.CLOSED:
            if event.opened_at is not None:
                self._likelihood.shown(len(event.party_sizes))
            return
        if event.opened_at is None or event.opened_after is None:
            return
        release = last_release(event.opened_at, self._zone)
        if release.at > event.opened_after.timestamp():
            self._likelihood.opened((event.service_date - release.day).days, event.venue_id, release.wall)
        else:
            lead = (event.service_date - service_today(event.opened_at, self._zone)).days
            self._likelihood.opened(lead, event.venue_id, None)
