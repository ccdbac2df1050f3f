"""Every provider keeps the contract: ours, and the one that the documentation shows."""

import re
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from tablewire.providers.contract import ProviderContract
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.providers.registry import Kit
from tablewire.providers.resy.client import ResyProvider
from tests.unit.providers.resy_pages import hit, page, slot

EXAMPLE = Path(__file__).parents[2] / "docs/providers.md"


class TestResy(ProviderContract):
    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        caller = kit.caller("resy", rate=1000)
        return ResyProvider(base_url=base_url, api_key="made-up", auth_token=None, caller=caller)

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        asked: dict[str, Any] = msgspec.json.decode(body)
        assert request.headers["Authorization"] == 'ResyAPI api_key="made-up"'
        hits = [hit(1, slot("19:00:00"), slot("20:00:00")), hit(2)]
        return web.Response(body=page(hits, page=asked["page"]), content_type="application/json")


class TestTheProviderInTheDocumentation(ProviderContract):
    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        found = re.search(r"```python\n(.*?)```", EXAMPLE.read_text(), re.DOTALL)
        assert found is not None
        shown: dict[str, Any] = {}
        exec(compile(found[1], str(EXAMPLE), "exec"), shown)  # noqa: S102 - the point is that it runs as it stands
        kit.environ = {"HOUSEBOOK_URL": base_url}
        provider: AvailabilityProvider = shown["make"](kit)
        return provider

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        return web.json_response(
            {"tables": [{"house": 7, "name": "Seven Stairs", "start": "2026-10-22 19:00:00"}]}
        )
