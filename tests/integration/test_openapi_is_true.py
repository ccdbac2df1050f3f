"""The OpenAPI document drives the running service: no 500, no answer that the document does not know."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of a small city, in a process of its own."""
    folder: Path = tmp_path_factory.mktemp("openapi")
    said = folder / "said.txt"  # a file, not a pipe: nobody has to read it for the demo to go on
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tablewire", "demo", "--port", "0", "--venues", "40", "--speed", "200"],
            cwd=folder,
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


MODES = pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)


@MODES
def test_the_service_answers_as_its_document_says(
    document: BaseSchema, service: str, mode: GenerationMode
) -> None:
    try_every_operation(document, service, mode, examples=10)


@pytest.mark.soak
@MODES
def test_the_service_answers_as_its_document_says_at_length(
    document: BaseSchema, service: str, mode: GenerationMode
) -> None:
    try_every_operation(document, service, mode, examples=500)


def try_every_operation(document: BaseSchema, service: str, mode: GenerationMode, examples: int) -> None:
    tried = 0
    for result in document.get_all_operations():
        assert isinstance(result, Ok), f"the document is not valid: {result}"
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not operation.query:
            continue  # any text is a path: there is nothing to get wrong

        @settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_as_documented(case: Case[Any]) -> None:
            if case.path.endswith("/stream"):  # endless unless it is bounded
                case.query = {**(case.query or {}), "max_age": "0.01s"}
            response = case.call(base_url=service, timeout=CALL_LIMIT)
            case.validate_response(response, checks=CHECKS)

        answers_as_documented()
        tried += 1
    assert tried >= 15
