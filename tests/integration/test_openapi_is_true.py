"""The OpenAPI document drives the running service: no 500, no answer that the document does not know."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.owned_things import CHANNEL_HOST, things

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ADDRESS = re.compile(r"listens at (http://\S+)")
START_LIMIT = 60
CALL_LIMIT = 20
"""Seconds: a hang limit."""
SETTINGS = {
    "TABLEWIRE_WINDOW_DAYS": "4",
    "TABLEWIRE_POLL_INTERVAL": "3s",  # the first table that opens is what somebody is told of
    "TABLEWIRE_CHANNEL_ALLOW": CHANNEL_HOST,
}
WHOLE_LIMIT = 600
"""Seconds for some hundreds of calls: on a machine with other work they take minutes, and each has a hang limit of its own."""
STREAMS = 2
"""Examples of an endless answer: the service looks once a second which of them are over."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of a small city, in a process of its own."""
    folder: Path = tmp_path_factory.mktemp("openapi")
    said = folder / "said.txt"  # a file, not a pipe: nobody has to read it for the demo to go on
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tablewire", "demo", "--port", "0", "--venues", "40", "--speed", "200"],
            cwd=folder,
            env=os.environ | SETTINGS,
            stderr=stderr,
        )
    try:
        deadline = time.monotonic() + START_LIMIT
        while not (found := ADDRESS.search(said.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the demo did not start:\n{said.read_text()}")
            time.sleep(0.05)
        yield found[1]
    finally:
        process.terminate()
        process.wait(CALL_LIMIT)


@pytest.fixture(scope="module")
def document(service: str) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{service}/schema")


@pytest.fixture(scope="module")
def known(service: str, document: BaseSchema) -> dict[str, dict[str, Any]]:
    """What the parts of an address in braces can be, by the address up to its first of them: of each what is really there."""
    (venue,) = asked(service, "/venues?limit=1")["venues"]
    bucket = asked(service, "/buckets")["buckets"][0]["bucket_id"]
    ids: dict[str, dict[str, Any]] = {
        "/venues": {"provider": venue["provider"], "venue_id": venue["venue_id"]},
        "/buckets": {"bucket_id": bucket},
        "/admin/buckets": {"bucket_id": bucket},
    }
    for path, body in things(venue["provider"], venue["venue_id"]).items():
        case = document[path]["POST"].Case(body=body, media_type="application/json")
        made = case.call(base_url=service, timeout=CALL_LIMIT)
        assert made.status_code == 201, made.text
        case.validate_response(made, checks=CHECKS)
        ids[path] = {"id": made.json()["id"]}
    ids["/notifications"] = {"id": told(service)}
    return ids


def told(service: str) -> int:
    """The id of a notification: the goal among the things takes any table, and tables open all the time."""
    deadline = time.monotonic() + START_LIMIT
    while not (found := asked(service, "/notifications?limit=1")["notifications"]):
        assert time.monotonic() < deadline, "nobody was told of anything"
        time.sleep(0.05)
    return int(found[0]["id"])


def asked(service: str, path: str) -> Any:
    answer = requests.get(f"{service}{path}", timeout=CALL_LIMIT)
    answer.raise_for_status()
    return answer.json()


MODES = pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)


@pytest.mark.timeout(WHOLE_LIMIT)
@MODES
def test_the_service_answers_as_its_document_says(
    document: BaseSchema, service: str, known: dict[str, dict[str, Any]], mode: GenerationMode
) -> None:
    try_every_operation(document, service, known, mode, examples=8)


@pytest.mark.soak
@MODES
def test_the_service_answers_as_its_document_says_at_length(
    document: BaseSchema, service: str, known: dict[str, dict[str, Any]], mode: GenerationMode
) -> None:
    try_every_operation(document, service, known, mode, examples=500)


def try_every_operation(
    document: BaseSchema,
    service: str,
    known: dict[str, dict[str, Any]],
    mode: GenerationMode,
    examples: int,
) -> None:
    operations = list[APIOperation[Any, Any, Any, Any]]()
    for result in document.get_all_operations():
        assert isinstance(result, Ok), f"the document is not valid: {result}"
        operations.append(result.ok())
    for operation in sorted(operations, key=lambda one: one.method == "delete"):  # what is known goes last
        if mode is GenerationMode.POSITIVE or operation.query or operation.body:  # a path cannot be wrong
            parts = known.get(operation.path.partition("/{")[0], {})
            try_operation(operation, service, parts, mode, examples)
    assert len(operations) > 80


def try_operation(
    operation: APIOperation[Any, Any, Any, Any],
    service: str,
    parts: dict[str, Any],
    mode: GenerationMode,
    examples: int,
) -> None:
    endless = operation.path.endswith("/stream")

    @settings(
        max_examples=min(examples, STREAMS) if endless else examples,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode), there=booleans())
    def answers_as_documented(case: Case[Any], there: bool) -> None:
        if endless:
            case.query = {**(case.query or {}), "max_age": "0.01s"}
        if there and case.path_parameters:
            case.path_parameters = {**case.path_parameters, **parts}
        response = case.call(base_url=service, timeout=CALL_LIMIT)
        case.validate_response(response, checks=CHECKS)

    answers_as_documented()
