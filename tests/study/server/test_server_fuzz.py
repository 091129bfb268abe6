"""The HTTP interface fuzzed against its own description: whatever is sent, the server does not break."""

import os
from collections.abc import Callable
from typing import Any

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis to fuzz the server")

EXAMPLES = int(os.environ.get("TOMBOLA_FUZZ", "8"))
"""Examples per operation; raise it for a long run."""


def fuzz(operation: Any, people: list[dict[str, str]], seen: dict[str, set[int]], secret: str, holder: str) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from tombola.study.server.tokens import seal

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), who=st.sampled_from(people), sealed=st.booleans(), here=st.integers(3, 9))
    def send(case: Any, who: dict[str, str], sealed: bool, here: int) -> None:
        known = sealed and isinstance(case.body, dict) and "seal" in case.body and case.path != "/withdraw"
        if known:  # past the seal, at a place of the plan: where forged forms never come
            if "position" in case.path_parameters:
                case.path_parameters["position"] = here
            case.body["seal"] = seal(secret, holder, case.formatted_path)
            if "answer" in case.body and here != 5:
                case.body["answer"] = "left"
            who = people[1]
        response = case.call(cookies=who)
        seen.setdefault(operation.label, set()).add(response.status_code)
        assert response.status_code < 500
        if not known:
            case.validate_response(response)

    send()


def test_no_request_breaks_the_server_or_its_description(serve: Callable[..., Any]) -> None:
    start = serve(settings={"describe": True})
    person = start().to_trials()
    admin = start()
    admin.client.post("/admin/login", data={"token": "an admin token for tests"})
    people = [{}, dict(person.client.cookies), dict(admin.client.cookies)]
    schema = schemathesis.openapi.from_asgi("/openapi.json", start.app)
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        fuzz(found.ok(), people, seen, start.desk.secret, person.client.cookies[start.desk.cookie])
    assert len(seen) >= 25
    assert {200, 303, 401, 403} <= set().union(*seen.values())
    assert 303 in seen["POST /trial/{position}"]  # some came past the seal
