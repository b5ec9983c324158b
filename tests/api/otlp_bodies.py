"""Small OTLP bodies in the forms that the versions of Claude Code send. All values are made up."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.factories import NOW

SESSION = "session-1"
Event = dict[str, Any]

# What an `api_request` event says, by the first version that says it so.
OLD, UNPLACED, NAMELESS, PLACED = "2.1.90", "2.1.197", "2.1.242", "2.1.330"


def event(
    number: int, version: str = PLACED, *, agent: bool = False, at: datetime = NOW, **more: Any
) -> Event:
    """Request `number` as a version tells of it: input 1000 n, output 100 n, 30 n written to the
    cache (two thirds for an hour), 5 n read from it."""
    said: Event = {
        "session.id": SESSION,
        "event.name": "api_request",
        "event.timestamp": at.isoformat().replace("+00:00", "Z"),
        "event.sequence": number,
        "model": "claude-sonnet-4-5" if agent else "claude-opus-4-5",
        "input_tokens": 1_000 * number,
        "output_tokens": 100 * number,
        "cache_read_tokens": 5 * number,
        "cache_creation_tokens": 30 * number,
        "cost_usd": 0.00635,
        "duration_ms": 164,
    }
    if version == OLD:
        counts = {key: str(value) for key, value in said.items() if key.endswith("_tokens")}
        return said | counts | {"cost_usd": "0.00635", "duration_ms": "164"} | more
    said |= {"request_id": f"req_{number}", "query_source": "agent:custom" if agent else "sdk"}
    if agent:
        said["agent.name"] = "custom" if version in {UNPLACED, NAMELESS} else "docmon"
    if version == PLACED:
        said["cache_creation_5m_tokens"] = 10 * number
        said["cache_creation_1h_tokens"] = 20 * number
        if agent:
            said["agent_id"] = "a0000000000000001"
    return said | more


def four(version: str) -> list[Event]:
    """Two requests of the main thread around two of a sub-agent, a second apart."""
    return [
        event(n, version, agent=n in {2, 3}, at=NOW + timedelta(seconds=n)) for n in (1, 2, 3, 4)
    ]


# What `four` adds up to, whatever the version.
FOUR = {"records": 4, "input": 10_000, "output": 1_000, "written": 300, "read": 50}


def logs(events: Sequence[Event], **resource: str) -> dict[str, Any]:
    """An ExportLogsServiceRequest with these events, and others beside them that are not ours."""
    others = [{"event.name": "user_prompt", "prompt": "<REDACTED>", "prompt_length": 5}]
    records = [
        {
            "timeUnixNano": str(int(NOW.timestamp()) * 10**9),
            "observedTimeUnixNano": "1795411680418000000",
            "body": {"stringValue": f"claude_code.{said['event.name']}"},
            "attributes": attributes(said),
            "droppedAttributesCount": 0,
            "unheardOf": {"in": [1, 2, 3]},
        }
        for said in (*others, *events)
    ]
    scope = {"name": "com.anthropic.claude_code.events", "version": "2.1.330"}
    named = attributes({"service.name": "claude-code", **resource})
    of_scope = {"scope": scope, "logRecords": records}
    return {"resourceLogs": [{"resource": {"attributes": named}, "scopeLogs": [of_scope]}]}


def metrics(points: Sequence[dict[str, Any]], *, temporality: int = 1) -> dict[str, Any]:
    """An ExportMetricsServiceRequest: token counts with `tokens`, `model` and `type`."""
    data = [
        {
            "attributes": attributes(
                {key: point[key] for key in ("model", "type") if key in point}
            ),
            "timeUnixNano": str(int(point.get("at", NOW).timestamp()) * 10**9),
            "asDouble": point["tokens"],
        }
        for point in points
    ]
    total = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": data}
    cost = {"name": "claude_code.cost.usage", "unit": "USD", "sum": total}
    tokens = {"name": "claude_code.token.usage", "unit": "tokens", "sum": total}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [cost, tokens]}]}]}


def attributes(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as Claude Code writes them: whole numbers as numbers, not as text."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in said.items()]


def as_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def as_protobuf(body: dict[str, Any]) -> bytes:
    kind = ExportLogsServiceRequest if "resourceLogs" in body else ExportMetricsServiceRequest
    message: bytes = ParseDict(body, kind(), ignore_unknown_fields=True).SerializeToString()
    return message
