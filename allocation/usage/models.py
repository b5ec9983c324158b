"""What was burned: one record per API request, and hourly sums of them for the pages."""

from django.db import models
from django.db.models import Q

from allocation.catalog.models import PHASES
from allocation.directives.models import StrategicDirective


class Source(models.TextChoices):
    """Where a record came from, least trusted first."""

    MANUAL = "manual", "logged by hand"
    API = "api", "reported over the API"
    TRANSCRIPT = "transcript", "transcript"
    OTLP = "otlp", "telemetry"


def _tokens() -> "models.PositiveBigIntegerField[int, int]":
    return models.PositiveBigIntegerField(default=0)


class UsageRecord(models.Model):
    """One API request (or one hand-logged amount) with its raw counts by kind.

    A request is known by its message id, its request id, or both; a better sight of the same
    request improves the row and never adds a second (allocation.usage.observation.merge). Of
    several ids it shows the first by letter; the others are RecordIds. `at` is
    when the request was first seen, `counted_at` when the sight was written that the counts come
    from, where that is another moment. `agent_type` is the name that the harness gave, `sub_agent`
    the registered code it maps to, or that name where it maps to none; both are empty for the main
    thread. `answer` is an allocation.usage.observation.Answer, as JSON.
    """

    # Null and not "": one that is not known equals no other.
    message_id = models.CharField(max_length=100, unique=True, null=True)  # noqa: DJ001 -- as said
    request_id = models.CharField(max_length=100, null=True)  # noqa: DJ001 -- as said
    source = models.CharField(max_length=10, choices=Source)
    at = models.DateTimeField("when")
    counted_at = models.DateTimeField("counts seen", null=True)
    hour = models.DateTimeField("hour, UTC")
    session_id = models.CharField(max_length=100, blank=True)
    agent_id = models.CharField(max_length=100, blank=True)
    agent_type = models.CharField(max_length=100, blank=True)
    sidechain = models.BooleanField("sub-agent", default=False)
    sub_agent = models.CharField(max_length=100, blank=True)
    sd = models.ForeignKey(
        StrategicDirective,
        on_delete=models.PROTECT,
        null=True,
        related_name="usage_records",
        db_index=False,  # most records have none; see the partial index below
    )
    phase = models.CharField(max_length=4, choices=PHASES, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tier = models.CharField(
        max_length=20, blank=True, help_text="Hand-logged amounts name a tier and no model."
    )
    long_prompt = models.BooleanField(default=False)
    output_final = models.BooleanField(default=True)
    input = _tokens()
    output = _tokens()
    cache_write_5m = _tokens()
    cache_write_1h = _tokens()
    cache_read = _tokens()
    unsplit = _tokens()
    estimated = models.BooleanField(
        default=False, help_text="Nobody counted these tokens: guessed from characters."
    )
    answered = models.BooleanField(
        default=True,
        help_text="The model is the one that answered; telemetry knows only which was asked for.",
    )
    answer = models.TextField(
        blank=True,
        default="",
        help_text="The sight that told which model answered, where the counts are telemetry's.",
    )

    class Meta:
        db_table = "usage_records"
        ordering = ["-at", "-id"]
        indexes = [
            # Not unique: several messages of transcripts may name one (allocation.usage.identity).
            models.Index(fields=["request_id"], name="usage_record_request"),
            # Roll-ups are rebuilt hour by hour.
            models.Index(fields=["hour"], name="usage_record_hour"),
            # A sub-agent's name can become known after its records are in.
            models.Index(
                fields=["session_id", "agent_id"],
                name="usage_record_agent",
                condition=~Q(agent_id=""),
            ),
            models.Index(fields=["sd"], name="usage_record_sd", condition=Q(sd__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.message_id or self.request_id or f"manual {self.pk}"


class RecordId(models.Model):
    """One more id by which a record is known, or that it was told of by a request id alone.

    Hardly any record has one: see allocation.usage.identity. `value` is "" for ALONE.
    """

    MESSAGE, REQUEST, ALONE = "message", "request", "alone"
    KINDS = [(kind, kind) for kind in (MESSAGE, REQUEST, ALONE)]

    record = models.ForeignKey(UsageRecord, on_delete=models.CASCADE, related_name="other_ids")
    kind = models.CharField(max_length=7, choices=KINDS)
    value = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "usage_record_ids"
        ordering = ["record", "kind", "value"]
        indexes = [models.Index(fields=["value"], name="usage_record_other_id")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class UsageHour(models.Model):
    """The records of one hour summed by what the pages group by. Rebuilt, never edited."""

    hour = models.DateTimeField()
    sd = models.ForeignKey(
        StrategicDirective, on_delete=models.PROTECT, null=True, related_name="usage_hours"
    )
    phase = models.CharField(max_length=4, blank=True)
    sub_agent = models.CharField(max_length=100, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    long_prompt = models.BooleanField(default=False)
    records = models.PositiveIntegerField()
    input = _tokens()
    output = _tokens()
    cache_write_5m = _tokens()
    cache_write_1h = _tokens()
    cache_read = _tokens()
    unsplit = _tokens()

    class Meta:
        db_table = "usage_hours"
        ordering = ["hour"]
        indexes = [
            models.Index(fields=["hour"], name="usage_hour_hour"),
            models.Index(fields=["sd", "hour"], name="usage_hour_sd"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.sub_agent or 'main'} {self.model}"


class UsageRevision(models.Model):
    """A mark that is new after every change of the roll-ups, so that sums can be remembered.

    There is one row. The mark is random and not a count: a count could come back with a restored
    backup, and with it sums of other records.
    """

    mark = models.CharField(max_length=32, blank=True)

    class Meta:
        db_table = "usage_revision"

    def __str__(self) -> str:
        return self.mark


class RollUpCheck(models.Model):
    """A day (UTC) on which the roll-ups were compared with their records, once for all that tick.

    `mended` are the hours that differed. They never should.
    """

    day = models.DateField(unique=True)
    mended = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "usage_roll_up_checks"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.mended} hours mended"


class TranscriptFile(models.Model):
    """How far a transcript has been read, so that a second import reads only what was added.

    With `size` and `modified_ns` as they were, the file is not even opened. `head` is a digest of
    the first and the last bytes before `offset`: with another one, or shorter than `offset`, the
    file was replaced and is read from its start.
    """

    path = models.CharField(max_length=1000, unique=True)
    head = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField()
    modified_ns = models.BigIntegerField()
    offset = models.PositiveBigIntegerField(help_text="Bytes read, to the end of a complete line.")
    read_at = models.DateTimeField("last read", null=True)

    class Meta:
        db_table = "transcript_files"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


class AgentRun(models.Model):
    """Which sub-agent stands behind an agent id of a session, and how well that is known.

    `evidence` is an allocation.usage.transcripts.attribution.Evidence: lower is surer.
    """

    session_id = models.CharField(max_length=100)
    agent_id = models.CharField(max_length=100)
    agent_type = models.CharField(max_length=100)
    evidence = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "agent_runs"
        ordering = ["session_id", "agent_id"]
        constraints = [
            models.UniqueConstraint(fields=["session_id", "agent_id"], name="one_run_per_agent_id")
        ]

    def __str__(self) -> str:
        return f"{self.agent_type} ({self.agent_id})"


class AgentCall(models.Model):
    """A call of a sub-agent by its parent: the type stands in the call, the agent id in its result.

    The two may come in different imports. When both are known they make an AgentRun.
    """

    tool_use_id = models.CharField(max_length=100, unique=True)
    session_id = models.CharField(max_length=100, blank=True)
    agent_type = models.CharField(max_length=100, blank=True)
    agent_id = models.CharField(max_length=100, blank=True)
    evidence = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "agent_calls"
        ordering = ["tool_use_id"]

    def __str__(self) -> str:
        return f"{self.tool_use_id}: {self.agent_type or 'unknown'}"


class UnnamedRequest(models.Model):
    """A request that telemetry told of without its id, as CLI versions before 2.1.197 do.

    `message_id` is that of the transcript record it was found to be, None while there is none;
    `sight` the allocation.usage.observation.Observation, as JSON. See allocation.usage.unnamed.
    """

    key = models.CharField(max_length=100, unique=True)
    session_id = models.CharField(max_length=100, blank=True, db_index=True)
    message_id = models.CharField(max_length=100, unique=True, null=True, blank=True)
    sight = models.TextField()

    class Meta:
        db_table = "unnamed_requests"
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key
