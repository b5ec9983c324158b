"""OTLP bodies, JSON and protobuf, as the few values that are taken from them.

Sources: the OTLP specification, and real bodies of Claude Code 2.1.50 to 2.1.330.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from allocation.policy.halves import without_halves

Scalar = str | int | float | bool
Attributes = dict[str, Scalar]


class MalformedBody(ValueError):
    """A body that is not what its Content-Type says. `str()` is one sentence."""


class LogEvent(msgspec.Struct, gc=False):
    """One log record. `at_ns` is in nanoseconds since 1970, 0 where it says none."""

    name: str
    at_ns: int
    attributes: Attributes
    resource: Attributes


class TokenCount(msgspec.Struct, gc=False):
    """One data point of `claude_code.token.usage`; `is_delta` is False of a running total."""

    at_ns: int
    tokens: float
    is_delta: bool
    attributes: Attributes


TOKEN_USAGE = "claude_code.token.usage"  # noqa: S105 -- the name of a metric

# 64-bit integers are text in OTLP's JSON; Claude Code writes numbers. Both are allowed.
_Integer = int | str | None


class _Value(msgspec.Struct, rename="camel", gc=False):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bool_value: bool | None = None


class _Attribute(msgspec.Struct, gc=False):
    key: str = ""
    value: _Value | None = None


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Attribute] | None = None


class _LogRecord(msgspec.Struct, rename="camel", gc=False):
    time_unix_nano: _Integer = 0
    observed_time_unix_nano: _Integer = 0
    event_name: str | None = None
    body: _Value | None = None
    attributes: list[_Attribute] | None = None


class _ScopeLogs(msgspec.Struct, rename="camel", gc=False):
    log_records: list[_LogRecord] | None = None


class _ResourceLogs(msgspec.Struct, rename="camel", gc=False):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(msgspec.Struct, rename="camel", gc=False):
    resource_logs: list[_ResourceLogs] | None = None


class _Point(msgspec.Struct, rename="camel", gc=False):
    time_unix_nano: _Integer = 0
    as_double: float | str | None = None
    as_int: _Integer = None
    attributes: list[_Attribute] | None = None


class _Sum(msgspec.Struct, rename="camel", gc=False):
    aggregation_temporality: int | None = 0
    data_points: list[_Point] | None = None


class _Metric(msgspec.Struct, gc=False):
    name: str = ""
    sum: _Sum | None = None


class _ScopeMetrics(msgspec.Struct, gc=False):
    metrics: list[_Metric] | None = None


class _ResourceMetrics(msgspec.Struct, rename="camel", gc=False):
    scope_metrics: list[_ScopeMetrics] | None = None


class _Metrics(msgspec.Struct, rename="camel", gc=False):
    resource_metrics: list[_ResourceMetrics] | None = None


_decode_logs = msgspec.json.Decoder(_Logs).decode
_decode_metrics = msgspec.json.Decoder(_Metrics).decode
_DELTA = 1
# What decoding raises on hostile input: syntax, shape, UTF-8, and nesting beyond all reason.
_BROKEN = (ValueError, RecursionError)
_Request = TypeVar("_Request")


def read_logs(body: bytes, *, is_json: bool) -> Iterable[LogEvent]:
    """The log records of an ExportLogsServiceRequest. Raises MalformedBody."""
    if is_json:
        try:
            return _json_logs(_decoded(_decode_logs, body or b"{}"))
        except _BROKEN as error:
            raise MalformedBody(_sentence("logs", error)) from error
    request = ExportLogsServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise MalformedBody("The body is not an OTLP logs request in protobuf.") from error
    return _protobuf_logs(request)


def read_token_counts(body: bytes, *, is_json: bool) -> Iterable[TokenCount]:
    """What an ExportMetricsServiceRequest says of tokens. Raises MalformedBody."""
    if is_json:
        try:
            return _json_counts(_decoded(_decode_metrics, body or b"{}"))
        except _BROKEN as error:
            raise MalformedBody(_sentence("metrics", error)) from error
    request = ExportMetricsServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise MalformedBody("The body is not an OTLP metrics request in protobuf.") from error
    return _protobuf_counts(request)


def _decoded(decode: Callable[[bytes], _Request], body: bytes) -> _Request:
    """The body decoded. Where only cut characters keep it from that, they become unknown ones: a
    text that nothing is taken from must not keep out the usage beside it."""
    try:
        return decode(body)
    except msgspec.DecodeError:
        mended = without_halves(body)
        if mended == body:
            raise
        return decode(mended)


def _sentence(signal: str, error: Exception) -> str:
    detail = str(error).splitlines()[0][:200] if isinstance(error, msgspec.MsgspecError) else ""
    return f"The body is not an OTLP {signal} request in JSON{f': {detail}' if detail else ''}."


def _json_logs(logs: _Logs) -> list[LogEvent]:
    events = []
    for of_resource in logs.resource_logs or ():
        of = of_resource.resource
        resource = _attributes(of.attributes if of else None)
        for of_scope in of_resource.scope_logs or ():
            for record in of_scope.log_records or ():
                body = record.body.string_value if record.body else None
                events.append(
                    LogEvent(
                        record.event_name or body or "",
                        _integer(record.time_unix_nano) or _integer(record.observed_time_unix_nano),
                        _attributes(record.attributes),
                        resource,
                    )
                )
    return events


def _json_counts(metrics: _Metrics) -> list[TokenCount]:
    return [
        TokenCount(
            _integer(point.time_unix_nano),
            float(point.as_int or 0) if point.as_double is None else float(point.as_double),
            metric.sum.aggregation_temporality == _DELTA,
            _attributes(point.attributes),
        )
        for of_resource in metrics.resource_metrics or ()
        for of_scope in of_resource.scope_metrics or ()
        for metric in of_scope.metrics or ()
        if metric.name == TOKEN_USAGE and metric.sum
        for point in metric.sum.data_points or ()
    ]


def _integer(value: _Integer) -> int:
    return int(value or 0)


def _attributes(attributes: list[_Attribute] | None) -> Attributes:
    values: Attributes = {}
    for attribute in attributes or ():
        value = attribute.value
        if value is None:
            continue
        if value.string_value is not None:
            values[attribute.key] = value.string_value
        elif value.int_value is not None:
            values[attribute.key] = int(value.int_value)
        elif value.double_value is not None:
            values[attribute.key] = float(value.double_value)
        elif value.bool_value is not None:
            values[attribute.key] = value.bool_value
    return values


def _protobuf_logs(request: ExportLogsServiceRequest) -> Iterator[LogEvent]:
    for of_resource in request.resource_logs:
        resource = _protobuf_attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                yield LogEvent(
                    record.event_name or record.body.string_value,
                    record.time_unix_nano or record.observed_time_unix_nano,
                    _protobuf_attributes(record.attributes),
                    resource,
                )


def _protobuf_counts(request: ExportMetricsServiceRequest) -> Iterator[TokenCount]:
    for of_resource in request.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            for metric in of_scope.metrics:
                if metric.name != TOKEN_USAGE or metric.WhichOneof("data") != "sum":
                    continue
                is_delta = metric.sum.aggregation_temporality == _DELTA
                for point in metric.sum.data_points:
                    yield TokenCount(
                        point.time_unix_nano,
                        point.as_double or float(point.as_int),
                        is_delta,
                        _protobuf_attributes(point.attributes),
                    )


def _protobuf_attributes(attributes: Any) -> Attributes:
    values: Attributes = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        if kind in {"string_value", "int_value", "double_value", "bool_value"}:
            values[attribute.key] = getattr(attribute.value, kind)
    return values
