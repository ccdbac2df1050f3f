"""The pages for people: what this is, and the documentation of every address, without scripts and without the internet."""

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import urlencode

from tablewire.api.openapi import document
from tablewire.api.requests import no_parameters
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Reply, Route

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}code,pre{font:0.9em ui-monospace,monospace}"
    "pre{overflow:auto;padding:.75rem;border:1px solid #8884}details{border-top:1px solid #8884;padding:.4rem 0}"
    "summary{cursor:pointer}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.25rem .75rem .25rem 0}label{display:block;margin:.3rem 0}input,select{font:inherit;margin-left:.5rem}"
    ".old{opacity:.6}.demo{padding:.5rem .75rem;border:2px solid #c60}"
)
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_CSP = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HTML = "text/html"


class PageController:
    """Pages made once, from the OpenAPI document."""

    def __init__(self, rooms: Rooms) -> None:
        self._demo = rooms.options.demo
        self._schema = self._home = self._docs = b""

    def make(self, schema: dict[str, Any]) -> None:
        """Make the pages of a document."""
        demo = self._demo
        self._schema = json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode()
        self._home = _page("Tablewire", _home(schema, demo=demo))
        self._docs = _page("Tablewire: the HTTP interface", _docs(schema, demo=demo))

    async def home(self, request: AnyRequest) -> Reply:
        """What this is, and where to go."""
        no_parameters(request)
        return _html(self._home)

    async def docs(self, request: AnyRequest) -> Reply:
        """Every address, with forms to try it."""
        no_parameters(request)
        return _html(self._docs)

    async def schema(self, request: AnyRequest) -> Reply:
        """The OpenAPI document."""
        no_parameters(request)
        return Reply(body=self._schema, media_type="application/json")


HOME = Operation(summary="What this is, for people", tag="pages", media_types=("text/html",))
DOCS = Operation(summary="This interface, for people", tag="pages", media_types=("text/html",))
SCHEMA = Operation(summary="This document", tag="pages", media_types=("application/json",))


def routes(rooms: Rooms, others: Sequence[Route]) -> list[Route]:
    """The addresses of the pages, which tell of the other addresses and of themselves."""
    page = PageController(rooms)
    own = [
        Route(path="/", operation=HOME, answer=page.home, access="open"),
        Route(path="/docs", operation=DOCS, answer=page.docs),
        Route(path="/schema", operation=SCHEMA, answer=page.schema),
    ]
    page.make(document([*others, *own], rooms.options.version))
    return own


def _html(body: bytes) -> Reply:
    return Reply(
        body=body, media_type=_HTML, headers={"content-security-policy": _CSP, "cache-control": "no-cache"}
    )


def _page(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'.encode()


def _demo(*, demo: bool) -> str:
    return '<p class="demo"><strong>Demo.</strong> Everything here is make-believe.</p>' if demo else ""


def _home(schema: dict[str, Any], *, demo: bool) -> str:
    shown = [
        (path, item["get"])
        for path, item in schema["paths"].items()
        if "get" in item and not item["get"].get("deprecated")
    ]
    rows = "".join(
        f"<tr><td>{_link(path)}</td><td>{escape(operation['summary'])}</td></tr>" for path, operation in shown
    )
    lead = (
        "A wire service for restaurant tables. Every address and its parameters: <a href='/docs'>/docs</a>."
    )
    return f"<h1>Tablewire</h1>{_demo(demo=demo)}<p>{lead}</p><table>{rows}</table>"


def _link(path: str) -> str:
    text = f"<code>{escape(path)}</code>"
    return text if "{" in path or path.endswith("/stream") else f"<a href='{escape(path)}'>{text}</a>"


def _docs(schema: dict[str, Any], *, demo: bool) -> str:
    by_tag: dict[str, list[str]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method.upper(), path, operation))
    parts = "".join(f"<h2>{escape(tag)}</h2>{''.join(operations)}" for tag, operations in by_tag.items())
    lead = "The same as a document for programs: <a href='/schema'>/schema</a> (OpenAPI 3.1)."
    shapes = "".join(
        f"<details><summary><code>{escape(name)}</code></summary><pre>{escape(json.dumps(shape, indent=2))}</pre></details>"
        for name, shape in schema["components"]["schemas"].items()
    )
    return (
        f"<h1>Tablewire: the HTTP interface</h1>{_demo(demo=demo)}<p>{lead}</p>{parts}<h2>Shapes</h2>{shapes}"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    old = operation.get("deprecated", False)
    note = " (deprecated)" if old else ""
    answers = "".join(
        f"<tr><td>{status}</td><td>{escape(answer['description'])} {_shape(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<details{' class=old' if old else ''}><summary><code>{method} {escape(path)}</code> "
        f"{escape(operation['summary'])}{note}</summary>{_trial(method, path, operation)}<table>{answers}</table></details>"
    )


def _shape(answer: dict[str, Any]) -> str:
    names = {
        str(content["schema"].get("$ref", "")).rpartition("/")[2]
        for content in answer.get("content", {}).values()
    }
    return " ".join(f"<code>{escape(name)}</code>" for name in sorted(names) if name)


def _trial(method: str, path: str, operation: dict[str, Any]) -> str:
    """The parameters, and how to try the address."""
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}</td>"
        f"<td>{escape(parameter['description'])} <code>{escape(_kind(parameter['schema']))}</code></td></tr>"
        for parameter in operation["parameters"]
    )
    table = f"<table>{rows}</table>" if rows else ""
    if method != "GET":
        return f"{table}{_body(operation)}<pre>curl -X {method} 'http://127.0.0.1:8000{escape(path)}'</pre>"
    if "{" in path or path.endswith("/stream"):
        return f"{table}<pre>curl -N 'http://127.0.0.1:8000{escape(path)}'</pre>"
    return f"{table}<p>{_tries(path, operation)}</p>"


def _body(operation: dict[str, Any]) -> str:
    """What the body is, where one is taken."""
    if "requestBody" not in operation:
        return ""
    return f"<p>Body: {_shape(operation['requestBody']) or 'JSON'}</p>"


def _tries(path: str, operation: dict[str, Any]) -> str:
    """Links that try it: bare, and once with each parameter whose schema names a value."""
    links = [f"<a href='{escape(path)}'>try it</a>"]
    for parameter in operation["parameters"]:
        value = _example(parameter["schema"])
        if parameter["in"] == "query" and value is not None:
            query = urlencode({parameter["name"]: value})
            links.append(f"<a href='{escape(f'{path}?{query}')}'><code>{escape(query)}</code></a>")
    return " · ".join(links)


def _example(schema: dict[str, Any]) -> str | None:
    if schema.get("type") == "array":
        return _example(schema["items"])
    named = [*schema.get("examples", ()), *schema.get("enum", ())]
    return str(named[0]) if named else None


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}, several"
    bounds = f" {schema['minimum']}..{schema['maximum']}" if "maximum" in schema else ""
    return f"{schema.get('format', schema.get('type', 'string'))}{bounds}"
