"""OTLP as it comes over HTTP: packed, in chunks, empty, malformed, too large, without a right."""

import gzip
import io
import json
import random
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from allocation.api.otlp_views import PROTOBUF
from tests.api.conftest import JSON, Agent, totals
from tests.api.otlp_bodies import FOUR, PLACED, UNPLACED, as_json, four, logs

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b'{"resourceLogs": 5}', JSON),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "x"}]}]}]}', JSON),
        (b"[" * 200_000, JSON),
        (b'{"resourceLogs":' + b"[{" * 50_000, JSON),
        (b"\xff\xff\xff\xff", JSON),
        (b"\xff\xff\xff\xff\x00", PROTOBUF),
        (b"{}", PROTOBUF),
        (random.Random(7).randbytes(5_000), PROTOBUF),
    ],
)
@pytest.mark.parametrize("signal", ["logs", "metrics"])
def test_a_malformed_body_is_400_with_a_sentence(
    agent: Agent, signal: str, body: bytes, kind: str
) -> None:
    response = agent.otlp(signal, body.replace(b"resourceLogs", b"resourceMetrics", 1), kind=kind)
    response = response if signal == "metrics" else agent.otlp(signal, body, kind=kind)
    if b"timeUnixNano" in body and signal == "metrics":
        return  # of metrics only the points have one
    assert response.status_code == 400
    assert response["Content-Type"] == kind
    assert "OTLP" in message(response)


def message(response: Any) -> str:
    """The message of a google.rpc.Status, which is its field 2."""
    if response["Content-Type"] == JSON:
        return str(json.loads(response.content)["message"])
    status = ExportLogsServiceResponse()
    status.ParseFromString(response.content)
    (field,) = UnknownFieldSet(status)
    assert field.field_number == 2
    return str(field.data.decode())


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_empty_request_is_a_success(agent: Agent, body: bytes) -> None:
    assert agent.otlp("logs", body).content == b"{}"
    assert agent.otlp("logs", b"", kind=PROTOBUF).status_code == 200


def test_a_bomb_is_left_before_it_goes_off(agent: Agent) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = b" " * (8 * 2**20)
    bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()  # 512 MB
    assert len(bomb) < 2**20
    response = agent.otlp("logs", bomb, encoding="gzip")
    assert response.status_code == 413
    assert "32 MB" in message(response)


def test_a_body_that_says_it_is_too_large_is_not_read(agent: Agent) -> None:
    response = agent.client.generic(
        "POST", "/otlp/v1/logs", b"{}", JSON, CONTENT_LENGTH=str(33 * 2**20)
    )
    assert response.status_code == 413


# Without the moment of packing: processes that share the tests must name them alike.
PACKED = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize("packed", [b"not gzip", PACKED[:-6], PACKED + b"x"])
def test_what_is_not_gzip_is_said_to_be_none(agent: Agent, packed: bytes) -> None:
    response = agent.otlp("logs", packed, encoding="gzip")
    assert response.status_code == 400
    assert "gzip" in message(response)


def test_gzip_of_several_members_is_one_body(agent: Agent) -> None:
    body = as_json(logs(four(PLACED)))
    packed = gzip.compress(body[:100]) + gzip.compress(body[100:])
    assert agent.otlp("logs", packed, encoding="gzip").status_code == 200
    assert totals() == FOUR


def test_chunks_without_a_length_are_read_to_their_end(agent: Agent) -> None:
    """As from a server that ends the stream itself; Claude Code 2.1.191 to 2.1.211 sends chunks."""
    body = as_json(logs(four(UNPLACED)))
    environ = {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
    response = agent.client.post("/otlp/v1/logs", content_type=JSON, **environ)
    assert response.status_code == 200
    assert totals() == FOUR


@pytest.mark.parametrize(
    ("kind", "encoding"), [("text/plain", ""), ("", ""), (JSON, "br"), (PROTOBUF, "deflate")]
)
def test_other_types_and_encodings_are_415(agent: Agent, kind: str, encoding: str) -> None:
    assert agent.otlp("logs", b"{}", kind=kind, encoding=encoding).status_code == 415


def test_a_token_is_asked_for_before_the_body_is_read(
    client: Client, make_agent: Callable[..., Agent]
) -> None:
    assert client.post("/otlp/v1/logs", b"{", content_type=JSON).status_code == 401
    response = make_agent("read", "hooks").otlp("logs", b"{")
    assert response.status_code == 403
    assert "“usage”" in message(response)


def test_only_a_post_delivers(agent: Agent) -> None:
    assert agent.client.get("/otlp/v1/logs").status_code == 405
    assert agent.client.post("/otlp/v1/traces", b"{}", content_type=JSON).status_code == 404
