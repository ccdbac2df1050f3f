"""The OpenAPI 3.1 document, made from the same table that the addresses are made from."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from tablewire.api.problems import MEDIA_TYPE, Problem
from tablewire.api.routes import Operation, Parameter, Route, Schema

_ALWAYS = (400, 403, 405, 413, 500)
_REFS = "#/components/schemas/{name}"


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The document of some addresses."""
    routes = list(routes)
    answers = [route.operation.answer for route in routes if route.operation.answer is not None]
    types: list[type[Any]] = list(dict.fromkeys([*answers, Problem]))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFS)
    of_type = dict(zip(types, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tablewire",
            "version": version,
            "description": "A wire service for restaurant tables: it tells within seconds when one opens.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {route.path: {"get": _operation(route, of_type)} for route in routes},
        "components": {"schemas": components},
    }


def _operation(route: Route, of_type: dict[type[Any], Schema]) -> dict[str, Any]:
    operation = route.operation
    said: dict[str, Any] = {
        "operationId": _operation_id(route.path),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": _responses(operation, of_type),
    }
    if operation.deprecated:
        said["deprecated"] = True
    return said


def _operation_id(path: str) -> str:
    words = path.strip("/").replace("{", "").replace("}", "").replace("/", "_").replace("-", "_")
    return words or "home"


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


def _responses(operation: Operation, of_type: dict[type[Any], Schema]) -> dict[str, Any]:
    told = None if operation.answer is None else of_type[operation.answer]
    content = {kind: {"schema": told or _UNTYPED.get(kind, _TEXT)} for kind in operation.media_types}
    said: dict[str, Any] = {"200": {"description": operation.summary, "content": content}}
    for status, meaning in operation.others.items():
        said[str(status)] = {"description": meaning}
    for status in sorted({*_ALWAYS, *operation.errors}):
        problem = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": of_type[Problem]}},
        }
        if status in (429, 503):
            wait = {"description": "seconds to wait", "schema": {"type": "integer"}}
            problem["headers"] = {"Retry-After": wait}
        said[str(status)] = problem
    return said
