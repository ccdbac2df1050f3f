"""Faults that stand in the place of an answer, as they look on either wire, and answers cut short."""

import random

import msgspec

from tablewire.simulator.answers import Answer, html_answer, json_answer, text_answer, unauthorized
from tablewire.simulator.faults import FaultRule

_PARDON = (
    "<html><head><title>Pardon Our Interruption</title></head><body><iframe id='main-iframe' "
    "src='/_challenge?incident=simulated'>Request unsuccessful. Incident ID: 0-0</iframe></body></html>"
)
_DENIED = (
    "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
    "You don't have permission to access this server.<P>\nReference #18.simulated\n</BODY>\n</HTML>\n"
)


def refusal(rule: FaultRule) -> Answer | None:
    """The answer that stands in the place of the real one; None for the kinds that spoil the real one."""
    match rule.kind:
        case "rate_limited":
            wait = {"Retry-After": f"{rule.seconds if rule.seconds is not None else 1.0:.0f}"}
            return json_answer({"status": 429, "message": "Too Many Requests"}, 429, headers=wait)
        case "error_500":
            return text_answer(500, "Internal Server Error")
        case "error_502":
            return html_answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
        case "error_503":
            return html_answer(503, "<html><body><h1>503 Service Unavailable</h1></body></html>")
        case "unauthorized_json":
            return unauthorized()
        case "block_419":
            return html_answer(419, _PARDON)
        case "block_403":
            return denied()
        case "block_200":
            return html_answer(200, _PARDON)
        case _:
            return None


def denied() -> Answer:
    """The page of a wall that lets nobody in."""
    return html_answer(403, _DENIED)


def cut_short(answer: Answer, dice: random.Random) -> Answer:
    """An answer whose JSON ends in the middle; nothing in it can be read."""
    length = max(1, int(len(answer.body) * dice.uniform(0.2, 0.95)) - 1)
    return msgspec.structs.replace(answer, body=answer.body[:length], venues=None, served=())
