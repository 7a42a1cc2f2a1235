"""The description of the API is true: requests made from it are answered as it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.server.conftest import Client

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_every_route_answers_as_described(client: Client, url: str) -> None:
    desk = httpx.post(f"{url}/desk/sign-in", json={"name": "周"}, trust_env=False).cookies["desk"]
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        # what a stream sends has no end, and is tested by itself; a closed conversation would refuse all that follows
        if operation.path.endswith(("/events", "/close")):
            continue
        token = desk if operation.path.startswith("/v1/desk") else client.token
        _try(operation, token, client.conversation)
        tried += 1
    assert tried >= 20


def _try(operation: Any, token: str, conversation: str) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def answered(case: Any) -> None:
        if "conversation_id" in (case.path_parameters or {}):
            case.path_parameters["conversation_id"] = conversation
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    answered()


def test_every_route_says_what_it_is_for_and_names_its_problems(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    assert document["components"]["schemas"]["Problem"]["properties"]["code"]
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            assert operation["description"], f"{verb} {path}"
            if path.startswith("/v1"):
                problems = {"401", "404", "422", "429", "500", "503"}
                assert problems <= set(operation["responses"]), f"{verb} {path}"


@pytest.mark.parametrize("path", ["/v1/desk/conversations", "/v1/desk/ledger", "/v1/desk/search?q=x"])
def test_the_desk_is_closed_to_customers_and_to_nobody_in_particular(client: Client, url: str, path: str) -> None:
    assert client.http.get(path).status_code == 401
    assert httpx.get(url + path, trust_env=False).status_code == 401
