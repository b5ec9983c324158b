"""Whatever is sent, the answer is a sentence or a success, and never a fault of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import JSON, Agent
from tests.api.otlp_bodies import as_json, as_protobuf, event, logs, metrics
from tests.factories import StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

ANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["EXEC", "SECURITY", "SD-X-1", "opus", "passed", "\0", "2026-11-18T20:00:00Z", "x" * 5000]
    ),
)
THINGS = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
WELL_FORMED: dict[str, dict[str, Any]] = {
    "recommend": {"sub_agent": "TESTING", "phase": "EXEC", "complexity": 3, "sd": "SD-X-1"}
    | {"key": "k", "zone": "RED", "requested": "opus", "critical": True, "session": "s"},
    "usage": {"model": "m", "usage": {"input_tokens": 1, "cache_creation": None}, "sd": "SD-X-1"}
    | {"message_id": "m1", "request_id": "r1", "key": "k", "at": "2026-11-18T20:00:00Z"},
    "usage/transcripts": {"names": [], "calls": [], "sd": "SD-X-1", "phase": "EXEC"}
    | {"requests": [{"message_id": "m1", "at": "2026-11-18T20:00:00Z", "output": 1}]},
    "decisions/1/outcome": {"observed": "opus", "requested": "haiku", "result": "passed"}
    | {"override_reason": "why"},
    "sds": {"code": "SD-Y-1", "title": "t", "complexity": 2, "priority": "low", "estimate": 5},
    "checkpoints": {"sd": "SD-X-1", "kind": "lead_to_plan", "tokens": 5, "mix": {"haiku": 100}}
    | {"note": "n", "rework_cycles": 0, "lines_modified": 1, "submission": None, "at": None},
}


@pytest.mark.parametrize("path", WELL_FORMED)
@ANY
@given(data=st.data())
def test_one_wrong_value_in_the_json_api(agent: Agent, path: str, data: st.DataObject) -> None:
    StrategicDirectiveFactory._meta.model.objects.get_or_create(
        code="SD-X-1", defaults={"created_at": agent.token.created_at, "phase": "LEAD"}
    )
    body = dict(WELL_FORMED[path])
    body[data.draw(st.sampled_from(sorted(body)), "key")] = data.draw(THINGS, "value")
    response = agent.client.post(f"/api/v1/{path}", json.dumps(body), content_type=JSON)
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert list(response.json()) == ["error"]


@ANY
@given(thing=THINGS, path=st.sampled_from(sorted(WELL_FORMED)))
def test_any_json_in_the_json_api(agent: Agent, thing: Any, path: str) -> None:
    response = agent.client.post(f"/api/v1/{path}", json.dumps(thing), content_type=JSON)
    assert response.status_code < 500, response.content


@ANY
@given(data=st.data(), is_protobuf=st.booleans())
def test_any_value_in_an_event(agent: Agent, data: st.DataObject, is_protobuf: bool) -> None:
    text = st.text(max_size=200) | st.sampled_from(["\0", "9" * 30, "-1", "1e5", "\ud800"])
    finite = st.floats(allow_nan=False, allow_infinity=False)
    value = data.draw(text | st.integers(-(2**63), 2**63 - 1) | finite | st.booleans(), "value")
    if isinstance(value, str) and is_protobuf:
        value = value.encode("utf-8", "ignore").decode()
    said = event(1)
    body = logs([said | {data.draw(st.sampled_from(sorted(said)), "key"): value}])
    if is_protobuf:
        response = agent.otlp("logs", as_protobuf(body), kind="application/x-protobuf")
    else:
        response = agent.otlp("logs", as_json(body))
    assert response.status_code in {200, 400}, response.content


@ANY
@given(thing=THINGS, signal=st.sampled_from(["logs", "metrics"]))
def test_any_json_for_otlp(agent: Agent, thing: Any, signal: str) -> None:
    inside = {"scopeLogs": thing, "scopeMetrics": thing}
    for body in (thing, {"resourceLogs": thing}, {"resourceLogs": [inside]}):
        text = json.dumps(body).replace("resourceLogs", f"resource{signal.capitalize()}")
        response = agent.otlp(signal, text.encode())
        assert response.status_code in {200, 400}, response.content


@ANY
@given(value=st.floats() | st.integers(-(2**63), 2**63 - 1), name=st.text(max_size=150))
def test_any_number_in_a_metric(agent: Agent, value: float, name: str) -> None:
    point = {"model": name, "type": name, "tokens": value}
    response = agent.otlp("metrics", as_json(metrics([point])))
    assert response.status_code in {200, 400}, response.content


@ANY
@given(body=st.binary(max_size=400), signal=st.sampled_from(["logs", "metrics"]))
def test_any_bytes_for_otlp(agent: Agent, body: bytes, signal: str) -> None:
    for kind in ("application/json", "application/x-protobuf"):
        for encoding in ("", "gzip"):
            response = agent.otlp(signal, body, kind=kind, encoding=encoding)
            assert response.status_code in {200, 400}, response.content
