"""The JSON API at /api/v1. Agents ask and report; no endpoint writes a limit, a floor, a price, an
override or the switch."""

from collections.abc import Sequence
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Header, NinjaAPI, Query, Status
from pydantic import Field

from allocation.api import answer_shapes as told
from allocation.api import (
    answers,
    checkpointing,
    quality,
    recommending,
    reported,
    transcripts,
    week,
)
from allocation.api import week_shapes as shapes
from allocation.api.models import AgentToken, Scope
from allocation.api.refusals import StrictParser, say_no
from allocation.api.schemas import (
    CheckpointLogged,
    Key,
    OutcomeReported,
    QualityReported,
    Refusal,
    RequestsReported,
    RunsAsked,
    SdProposed,
    TranscriptsCounted,
    TranscriptsRead,
)
from allocation.api.security import Bearer
from allocation.api.telemetry import count_requests, lay_to_sds
from allocation.decisions.models import Decision
from allocation.decisions.outcomes import RunOutcome, record_outcome
from allocation.usage.standing import standing_at

Json = dict[str, Any]
IdempotencyKey = Annotated[Key | None, Header(alias="Idempotency-Key")]
PageSize = Annotated[int, Query(), Field(ge=1, le=500)]

# The docs pages of django-ninja need inline styles, which the content security policy forbids.
api = NinjaAPI(
    title="budgetctl",
    version="1",
    urls_namespace="api-v1",
    docs_url=None,
    parser=StrictParser(),
    description="Which tier may a sub-agent run on, and what did it burn? Errors are "
    '{"error": "one sentence"}.',
)
say_no(api)

# The refusals of every address, and those of a message that has a body.
EVERY = (401, 403, 422, 503)
BODY = (400, 413, 415)


def _asks(
    scope: Scope, answer: Any, *refused: int, status: int = 200, query: Sequence[str] = ()
) -> Json:
    """What the contract says of an address: the scope that it asks for, what it answers, and with
    which refusals beside those of every address. `query` are the keys that it knows."""
    return {
        "auth": Bearer(scope, query),
        "response": {status: answer} | dict.fromkeys(sorted({*EVERY, *refused}), Refusal),
        # A tuple replaces what django-ninja says without the scope; a list would be added to it.
        "openapi_extra": {"security": ({Bearer.__name__: [scope.value]},)},
    }


def _token(request: HttpRequest) -> AgentToken:
    token: AgentToken = request.auth  # type: ignore[attr-defined]  # django-ninja sets it
    return token


@api.get("/status", **_asks(Scope.READ, shapes.Standing))
def status(request: HttpRequest) -> shapes.Standing:
    """Where the running week stands: the light, what is used, what is left."""
    return week.standing(standing_at(timezone.now()))


@api.get("/week", **_asks(Scope.READ, shapes.Week))
def whole_week(request: HttpRequest) -> shapes.Week:
    """The running week in full: who used what, will it last, what is next, what could be saved."""
    return week.week_at(timezone.now())


@api.get("/forecast", **_asks(Scope.READ, shapes.Outlook))
def forecast(request: HttpRequest) -> shapes.Outlook:
    """How far the week's budget will reach, and how good such forecasts were."""
    return week.forecast_at(timezone.now())


@api.get("/next", **_asks(Scope.READ, shapes.Plan))
def next_sd(request: HttpRequest) -> shapes.Plan:
    """The SD whose turn it is, and what it would run on and use; `next_sd` is null without one."""
    return week.next_at(timezone.now())


@api.post(
    "/recommend",
    **_asks(Scope.DECISIONS, told.Recommended | list[told.Recommended], *BODY, 404, 409),
)
def recommend(
    request: HttpRequest, asked: Body[RunsAsked], key: IdempotencyKey = None
) -> Json | list[Json]:
    """Which tier one run, or each of up to 1,000, may use. Logged, except for what-ifs."""
    many = asked if isinstance(asked, list) else [asked]
    given = recommending.recommend(many, token=_token(request), key=key, now=timezone.now())
    return given if isinstance(asked, list) else given[0]


@api.post("/usage", **_asks(Scope.USAGE, told.RequestsCounted, *BODY))
def usage(
    request: HttpRequest, reports: Body[RequestsReported], key: IdempotencyKey = None
) -> Json:
    """Count one API request, or up to 1,000, as the Messages API gives their usage."""
    many = reports if isinstance(reports, list) else [reports]
    now, sender = timezone.now(), _token(request).prefix
    sights = reported.sights_of(many, sender=sender, key=key, now=now)
    with transaction.atomic():
        laid, unknown = lay_to_sds(sights, [(report.sd or "").strip().upper() for report in many])
        return answers.counted(count_requests(laid, now=now), unknown)


@api.post("/usage/transcripts", **_asks(Scope.USAGE, TranscriptsCounted, *BODY, 404))
def transcripts_read(request: HttpRequest, read: TranscriptsRead) -> TranscriptsCounted:
    """Count what a machine read of its transcripts. The same again changes nothing."""
    return transcripts.count(read, now=timezone.now())


@api.get("/decisions", **_asks(Scope.READ, told.Decisions, 404, query=("before", "size", "sd")))
def decisions(
    request: HttpRequest, before: int | None = None, size: PageSize = 50, sd: str = ""
) -> Json:
    """The decisions, newest first. `next` is the `before` of the page that follows, or null."""
    rows = Decision.objects.select_related("sd", "recommended").order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if sd:
        rows = rows.filter(sd=checkpointing.sd_of(sd))
    page = list(rows[: size + 1])
    following = page[size - 1].pk if len(page) > size else None
    return {"decisions": [answers.decision(row) for row in page[:size]], "next": following}


@api.get("/decisions/{int:number}", **_asks(Scope.READ, told.Decided, 404))
def decision(request: HttpRequest, number: int) -> Json:
    """One decision."""
    return answers.decision(recommending.decision_of(number))


@api.post("/decisions/{int:number}/outcome", **_asks(Scope.DECISIONS, told.Decided, *BODY, 404))
def outcome(request: HttpRequest, number: int, said: OutcomeReported) -> Json:
    """What became of a run. If it used another tier than recommended, override_reason says why."""
    row = record_outcome(
        decision=recommending.decision_of(number),
        outcome=RunOutcome(**said.model_dump()),
        actor=_token(request).actor,
        now=timezone.now(),
    )
    return answers.decision(row)


@api.get("/sds", **_asks(Scope.READ, told.Sds, query=("before", "size")))
def sds(request: HttpRequest, before: int | None = None, size: PageSize = 50) -> Json:
    """The SDs, newest first. `next` is the `before` of the page that follows, or null."""
    page = checkpointing.sds_before(before, size + 1)
    following = page[size - 1].pk if len(page) > size else None
    return {"sds": [answers.sd(row) for row in page[:size]], "next": following}


@api.get("/sds/{code}", **_asks(Scope.READ, told.Sd, 404))
def sd(request: HttpRequest, code: str) -> Json:
    """One SD."""
    return answers.sd(checkpointing.sd_of(code))


@api.get("/sds/{code}/check", **_asks(Scope.READ, shapes.Plan, 404))
def check_sd(request: HttpRequest, code: str) -> shapes.Plan:
    """Before an SD starts: a tier for each run ahead, projected tokens, the zone afterwards."""
    return week.check_at(checkpointing.sd_of(code), timezone.now())


@api.post("/sds", **_asks(Scope.CHECKPOINTS, told.Sd, *BODY, 409, status=201))
def propose_sd(request: HttpRequest, proposed: SdProposed) -> Status[Json]:
    """Propose an SD."""
    row = checkpointing.propose(proposed, actor=_token(request).actor, now=timezone.now())
    return Status(201, answers.sd(row))


@api.post(
    "/checkpoints",
    **_asks(Scope.CHECKPOINTS, told.CheckpointKept, *BODY, 404, 409, status=201),
)
def log_checkpoint(
    request: HttpRequest, logged: CheckpointLogged, key: IdempotencyKey = None
) -> Status[Json]:
    """Log a checkpoint of an SD, and move the SD on."""
    row = checkpointing.log(logged, token=_token(request), key=key, now=timezone.now())
    return Status(201, answers.checkpoint(row))


@api.post("/quality", **_asks(Scope.DECISIONS, told.QualityKept, *BODY, 404, 409, status=201))
def log_quality(
    request: HttpRequest, reported: QualityReported, key: IdempotencyKey = None
) -> Status[Json]:
    """Log a review, a run of end-to-end tests or a security check: the KPIs rest on them."""
    row = quality.log(reported, token=_token(request), key=key, now=timezone.now())
    return Status(201, answers.quality_event(row))
