"""The OTLP/HTTP receiver: POST /otlp/v1/logs and /otlp/v1/metrics.

Answers are those of the OTLP specification: the media type of the request, an empty response for
full success, `partial_success` for what was rejected or should be known, a Status for an error.
503 is what a client tries again; everything else is final. No login and no CSRF token: refusals.py.
"""

import json
import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from allocation.api.apart import Full, Take, taken
from allocation.api.bodies import BodyRefused, media_type, read_body
from allocation.api.models import Scope
from allocation.api.operations import AccessRefused
from allocation.api.otlp_body import MalformedBody
from allocation.api.refusals import BUSY
from allocation.api.security import admit
from allocation.api.telemetry import Accepted, take_logs, take_metrics

logger = logging.getLogger(__name__)

MOST_BYTES = 32 * 1024 * 1024
JSON = "application/json"
PROTOBUF = "application/x-protobuf"
FULL = "More batches come in than can be stored at once. This one was not stored; send it again."


@require_POST
def receive_logs(request: HttpRequest) -> HttpResponse:
    """Log records: `api_request` events become usage."""
    return _answer(request, take_logs, ExportLogsServiceResponse(), "rejected_log_records")


@require_POST
def receive_metrics(request: HttpRequest) -> HttpResponse:
    """Metrics: token counts become daily sums, a cross-check of the usage records."""
    return _answer(request, take_metrics, ExportMetricsServiceResponse(), "rejected_data_points")


def _answer(
    request: HttpRequest,
    take: Take,
    answer: ExportLogsServiceResponse | ExportMetricsServiceResponse,
    rejected: str,
) -> HttpResponse:
    """Take the batch, and say in `answer` what became of it: `rejected` is its field for that."""
    accepted = _received(request, take)
    if isinstance(accepted, HttpResponse):
        return accepted
    if accepted.rejected or accepted.notes:
        setattr(answer.partial_success, rejected, accepted.rejected)
        answer.partial_success.error_message = " ".join(accepted.notes)
    if media_type(request) == PROTOBUF:
        return HttpResponse(answer.SerializeToString(), content_type=PROTOBUF)
    said = MessageToDict(answer, always_print_fields_with_no_presence=True)
    return HttpResponse(json.dumps(said), content_type=JSON)


def _received(request: HttpRequest, take: Take) -> Accepted | HttpResponse:
    """What became of the batch, or the answer that refuses it."""
    now = timezone.now()
    try:
        token = admit(request, scope=Scope.USAGE, now=now)
        kind = media_type(request)
        if kind not in {JSON, PROTOBUF}:
            raise BodyRefused(415, f"Content-Type must be {JSON} or {PROTOBUF}.")
        body = read_body(request, most=MOST_BYTES)
        accepted = taken(take, body, is_json=kind == JSON, now=now)
    except (AccessRefused, BodyRefused) as error:
        return _refusal(request, error.status, str(error))
    except MalformedBody as error:
        return _refusal(request, 400, str(error))
    except Full:
        logger.warning("OTLP batch not taken: as many as may be are under way")
        return _refusal(request, 503, FULL)
    except OperationalError:
        logger.exception("OTLP batch not stored")
        return _refusal(request, 503, BUSY)
    for note in accepted.notes:
        logger.warning("OTLP from %s: %s", token.shown, note)
    return accepted


def _refusal(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """A google.rpc.Status with its message; `error` beside it, as everywhere in this API."""
    if media_type(request) == PROTOBUF:
        message = sentence.encode()
        body = b"\x12" + _varint(len(message)) + message
        response = HttpResponse(body, content_type=PROTOBUF, status=status)
    else:
        text = json.dumps({"message": sentence, "error": sentence})
        response = HttpResponse(text, content_type=JSON, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response["Retry-After"] = "5"
    return response


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
