"""The replaying server: a recording behind HTTP."""

from aiohttp import web

from tablewire.simulator.answers import Answer
from tablewire.simulator.delivery import NeverSent, deliver
from tablewire.simulator.faults import FaultRule
from tablewire.simulator.replay import Replay

_MOST_BODY = 1 << 20
_RULES = {"hung": FaultRule(kind="silent"), "reset": FaultRule(kind="reset")}


class ReplayServer:
    """Answers every path by the recording. `base_url` is set once it listens."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.base_url = ""

    def application(self) -> web.Application:
        """One route for all there is."""
        application = web.Application(client_max_size=_MOST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        reply = self.replay.respond(request.method, request.path_qs, request.headers, body)
        headers = {} if reply.retry_after is None else {"Retry-After": reply.retry_after}
        answer = Answer(reply.status, reply.body, reply.content_type or "application/octet-stream", headers)
        rule = None if reply.trouble is None else _RULES[reply.trouble]
        try:
            return await deliver(request, answer, rule, compress=False)
        except NeverSent:
            return web.Response(status=499)  # nobody is there to get it
