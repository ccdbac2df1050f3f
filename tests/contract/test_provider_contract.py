"""Resy's adapter keeps the contract of providers."""

from typing import Any

import msgspec
from aiohttp import web

from tablewire.providers.contract import ProviderContract
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.providers.registry import Kit
from tablewire.providers.resy.client import ResyProvider
from tests.unit.providers.resy_pages import find, found, hit, page, slot


class TestResy(ProviderContract):
    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        caller = kit.caller("resy", rate=1000)
        return ResyProvider(
            base_url=base_url,
            api_key="made-up-key",
            auth_token="made-up-token",
            caller=caller,
            opted_out=kit.opted_out("resy"),
        )

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        asked: dict[str, Any] = msgspec.json.decode(body)
        assert request.headers["Authorization"] == 'ResyAPI api_key="made-up-key"'
        if request.path == "/4/find":
            house = {1: found(1, slot("19:00:00"), slot("20:00:00")), 2: found(2)}[asked["venue_id"]]
            return web.Response(body=find(house), content_type="application/json")
        hits = [hit(1, slot("19:00:00"), slot("20:00:00")), hit(2)]
        return web.Response(body=page(hits, page=asked["page"]), content_type="application/json")
