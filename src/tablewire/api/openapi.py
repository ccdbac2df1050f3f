"""The OpenAPI 3.1 document, made from the same table that the addresses are made from."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from tablewire.api.gate import SESSION_COOKIE
from tablewire.api.problems import MEDIA_TYPE, Problem
from tablewire.api.routes import Operation, Parameter, Route, Schema

_ALWAYS = (400, 403, 405, 413, 429, 500)
_WITH_ACCESS = (401, 503)
"""What also is answered where somebody has to be known: who they are is asked of the store."""
_SECURITY: Schema = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a token, made by `tablewire users add`"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "a session of a browser, begun by POST /session",
    },
}
_REFS = "#/components/schemas/{name}"


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The document of some addresses."""
    routes = list(routes)
    said = [kind for route in routes for kind in (route.operation.body, route.operation.answer)]
    types: list[Any] = list(dict.fromkeys([*(kind for kind in said if kind is not None), Problem]))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFS)
    of_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, of_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tablewire",
            "version": version,
            "description": "A wire service for restaurant tables: it tells within seconds when one opens.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }


def _operation(route: Route, of_type: dict[Any, Schema]) -> dict[str, Any]:
    operation = route.operation
    said: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": _responses(route, of_type),
        "security": [] if route.access == "open" else [{name: []} for name in _SECURITY],
    }
    if route.access == "admin":
        said["description"] = "For admins only."
    if operation.body is not None:
        content = {"application/json": {"schema": of_type[operation.body]}}
        said["requestBody"] = {"required": True, "content": content}
    if operation.deprecated:
        said["deprecated"] = True
    return said


def _operation_id(route: Route) -> str:
    words = route.path.strip("/").replace("{", "").replace("}", "").replace("/", "_").replace("-", "_")
    return (words or "home") if route.method == "GET" else f"{route.method.lower()}_{words}"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "required": parameter.where == "path",
        "schema": parameter.schema,
    }
    if parameter.schema.get("type") == "array":
        said |= {"style": "form", "explode": parameter.explode}
    return said


_TEXT: Schema = {"type": "string"}
_UNTYPED: dict[str, Schema] = {
    "application/json": {"type": "object"},
    "text/event-stream": {
        "description": "each event of the stream; `data` is JSON",
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string"},
            "data": {"type": "string"},
            "retry": {"type": "integer"},
        },
    },
    "application/x-ndjson": {
        "description": "each line of the stream",
        "type": "object",
        "properties": {"event": {"type": "string"}, "id": {"type": ["string", "null"]}, "data": {}},
        "required": ["event", "id", "data"],
    },
}
"""What is answered where no struct says it, by media type; of a stream, what each of its parts is."""


def _responses(route: Route, of_type: dict[Any, Schema]) -> dict[str, Any]:
    operation = route.operation
    said: dict[str, Any] = {str(operation.status): _answer(operation, of_type)}
    for status, meaning in operation.others.items():
        said[str(status)] = {"description": meaning}
    for status in _problems(route):
        problem = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": of_type[Problem]}},
        }
        if status in (429, 503):
            wait = {"description": "seconds to wait", "schema": {"type": "integer"}}
            problem["headers"] = {"Retry-After": wait}
        said[str(status)] = problem
    return said


def _answer(operation: Operation, of_type: dict[Any, Schema]) -> dict[str, Any]:
    if operation.status == HTTPStatus.NO_CONTENT:
        return {"description": operation.summary}
    told = None if operation.answer is None else of_type[operation.answer]
    content = {kind: {"schema": told or _UNTYPED.get(kind, _TEXT)} for kind in operation.media_types}
    return {"description": operation.summary, "content": content}


def _problems(route: Route) -> list[int]:
    found = {*_ALWAYS, *route.operation.errors}
    if route.access != "open":
        found.update(_WITH_ACCESS)
    if "{" in route.path:
        found.add(HTTPStatus.NOT_FOUND)
    return sorted(int(status) for status in found)
