"""The addresses of what belongs to users, each with the service behind it."""

from collections.abc import Iterable

from tablewire.api.admin.controller import routes as admin_routes
from tablewire.api.alert_events.controller import routes as alert_event_routes
from tablewire.api.channels.controller import routes as channel_routes
from tablewire.api.go.controller import routes as go_routes
from tablewire.api.goals.controller import routes as goal_routes
from tablewire.api.logs.controller import routes as log_routes
from tablewire.api.notifications.controller import routes as notification_routes
from tablewire.api.notifications.stream import InboxStream
from tablewire.api.notify_requests.controller import routes as request_routes
from tablewire.api.portable.controller import routes as portable_routes
from tablewire.api.routes import Route
from tablewire.api.watch_list.controller import routes as watch_list_routes
from tablewire.api.watches.controller import routes as watch_routes
from tablewire.api.watches.mine import routes as mine_routes
from tablewire.engine.clearing import Clearing
from tablewire.engine.rebaselining import Rebaselining
from tablewire.live.looked import BoardLooked
from tablewire.live.sightings import BoardSightings
from tablewire.people import People
from tablewire.services.admin import Admin
from tablewire.services.alert_events import AlertEvents
from tablewire.services.channels import Channels
from tablewire.services.goals import Goals
from tablewire.services.named_venues import VenueFinder
from tablewire.services.notifications import Notifications
from tablewire.services.notify_requests import NotifyRequests
from tablewire.services.portable import Portable, Shelf
from tablewire.services.portable_channels import ChannelShelf
from tablewire.services.portable_watches import WatchShelf
from tablewire.services.portable_wishes import GoalShelf, RequestShelf
from tablewire.services.watch_history import WatchHistory
from tablewire.services.watch_list import WatchList
from tablewire.services.watches import Watches
from tablewire.services.wish_history import WishHistory


def people_routes(people: People) -> Iterable[Route]:
    """All of them."""
    core, polled, url_of = people.core, people.polled, people.links.url_of
    store, books, now = core.store, core.store.people, core.clock.now
    finder, looked = VenueFinder(store, core.restaurants), BoardLooked(core.board)
    told = WishHistory(store, core.restaurants, looked, polled, now, core.figures.scarcities.of)
    requests = NotifyRequests(books.notify_requests, finder, people.matcher, polled, now)
    goals = Goals(books.goals, finder, people.matcher, polled, now)
    watches = Watches(book=books.watches, finder=finder, checker=people.watch, polled=polled, now=now)
    watched = WatchHistory(
        watches=watches,
        log=store,
        sightings=BoardSightings(core.board),
        houses=core.restaurants,
        polled=polled,
        looked=looked,
        now=now,
    )
    channels = Channels(books.channels, people.courier, now, changed=people.deliver.wake)
    notifications = Notifications(
        books.notifications,
        books.trails,
        people.inbox,
        now,
        announced=people.told_feed,
        streamed=people.inbox.streamed,
    )
    yield from mine_routes(watches, requests, books.notifications, url_of)
    yield from watch_routes(watches, watched)
    yield from request_routes(requests, told)
    yield from goal_routes(goals, told)
    yield from notification_routes(notifications, url_of, InboxStream(core.hub, people.inbox, now))
    yield from channel_routes(channels)
    yield from alert_event_routes(AlertEvents(books.alert_events, now))
    yield from go_routes(people.links)
    yield from watch_list_routes(
        WatchList(book=books.watch_list, finder=finder, checker=people.watch_list, now=now)
    )
    yield from log_routes()
    shelf = ChannelShelf(channels, books.channels, people.sealer)
    shelves: dict[str, Shelf] = {
        "channels": shelf,
        "watches": WatchShelf(watches),
        "notify_requests": RequestShelf(requests, polled, now),
        "goals": GoalShelf(goals, polled, now),
    }
    yield from portable_routes(Portable(shelves), shelf, now)
    yield from admin_routes(Admin(store, _clearing(people), Rebaselining(core.discovery, core.clock)))


def _clearing(people: People) -> Clearing:
    core = people.core
    return Clearing(
        core.store,
        still=[
            core.figures.rollups.still,
            core.figures.observing.still,
            people.matcher.still,
            core.identities.still,
            core.discovery.still,
            core.hub.still,
        ],
        forget=[
            core.figures.forget,
            core.identities.forget,
            core.discovery.forget,
            core.hub.forget,
            people.forget,
        ],
    )
