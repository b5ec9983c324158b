"""The shape of what is said of the running week: the contract of the API, and of `--json`.

Amounts of the budget are whole tokens, or decimal strings under a meter in US dollars; `unit` says
which. Percentages have two decimals and are cut, not rounded. Moments are UTC. The keys are a
promise to scripts: add to them, never rename.
"""

# Before Python 3.12 pydantic, which writes the contract, takes no other TypedDict.
from typing_extensions import TypedDict

Amount = int | str


class Span(TypedDict):
    """[start, end)."""

    start: str
    end: str


class Standing(TypedDict):
    """Where the week stands. `light` is the zone, or OFF; `time_zone` is the owner's; `raw` counts
    all tokens, `records` the requests they are of, `unpriced_records` those of unknown price."""

    at: str
    light: str
    enabled: bool
    week: Span
    time_zone: str
    meter: str
    unit: str
    limit: Amount
    reserve: Amount
    effective_limit: Amount
    used: Amount
    remaining: Amount
    over: Amount
    percent: float
    zone: str
    exhausted: bool
    raw: int
    records: int
    usd: str | None
    unpriced_records: int


class Linear(TypedDict):
    """The linear baseline. Where it is too early to say, all but `too_early` is null."""

    method: str
    too_early: str | None
    basis: str | None
    per_hour: Amount | None
    per_day: Amount | None
    at_reset: Amount | None
    zone_at_reset: str | None
    exhausts_at: str | None
    exhausts_before_reset: bool | None
    buffered: bool | None


class Coverage(TypedDict):
    """In how many weeks the total fell inside the intervals, from this part of the week."""

    weeks: int
    inside_50: int
    inside_80: int


class Newest(TypedDict):
    """The newest forecast of the ledger. Intervals are [low, high]; `zone_chances` are percent, and
    `zone_at_reset` is the likeliest, which need not be that of `at_reset`. `exhausts_80` is
    [early, late], null where that lies after the reset."""

    made_at: str
    method: str
    at_reset: Amount
    interval_50: list[Amount] | None
    interval_80: list[Amount] | None
    coverage: Coverage
    zone_at_reset: str | None
    zone_chances: dict[str, float]
    exhausts_at: str | None
    exhausts_80: list[str | None]
    exhaustion_chance_percent: float | None


class Hits(TypedDict):
    """So many of so many."""

    count: int
    of: int


class LastWeek(TypedDict):
    """What was predicted a day into the last week that was scored, and what came, in the unit that
    it was closed in."""

    start: str
    unit: str
    predicted: Amount
    actual: Amount
    accuracy_percent: float | None


class Accuracy(TypedDict):
    """How good past forecasts were."""

    weeks: int
    median_error_percent: float | None
    inside_80: Hits
    last_week: LastWeek


class Tokens(TypedDict):
    """Fresh tokens: a range and its middle, and the `n` cases of evidence that it rests on."""

    low: int
    middle: int
    high: int
    evidence: str
    n: int


# Percent for each zone at reset without the SD and with it, by the newest forecast; how often that
# held. Not a class, because `with` is a word of Python's.
Chances = TypedDict(
    "Chances", {"without": dict[str, float], "with": dict[str, float], "inside_80": Hits}
)


class Run(TypedDict):
    """One sub-agent's work in one phase. `model` is the tier to run on, null if it is put off, and
    `rank` that tier's: the stronger, the higher. `reason` is a sentence, `why` a few words."""

    sub_agent: str
    phase: str
    outcome: str
    model: str | None
    rank: int | None
    floor: str
    preferred: str
    reason: str
    why: str
    tokens_min: int
    tokens_max: int
    budget_tokens: Amount
    evidence: str
    n: int


class Begun(TypedDict):
    """A phase that has burned fresh tokens and is not over, and what was expected of it."""

    phase: str
    burned: int
    expected: Tokens


class NextSd(TypedDict):
    """What is still ahead of an SD; all amounts are estimates. `besides` are the tokens of the main
    thread and of whatever else no sub-agent is known for; of the phases in `begun` only what is
    left is ahead; `zone_chances` are null while it is too early; `all_on_opus` is what its runs
    would use on opus, null where the meter cannot tell."""

    sd: str
    title: str
    complexity: int
    critical: bool
    status: str
    phase: str | None
    estimate: int | None
    projected: Amount
    projected_80: list[Amount]
    remaining_after: Amount
    percent_after: float
    zone_now: str
    zone_after: str
    tokens: Tokens
    besides: Tokens | None
    begun: list[Begun]
    zone_chances: Chances | None
    all_on_opus: Amount | None
    runs: list[Run]


class Plan(Standing):
    """The standing, and what an SD would do to it."""

    forecast: Linear
    next_sd: NextSd | None


class Outlook(Standing):
    """The standing, the linear baseline as `forecast`, and the newest forecast of the ledger."""

    forecast: Linear
    newest: Newest | None
    forecast_accuracy: Accuracy | None


class Spent(TypedDict):
    """What a sub-agent used this week; or the main thread (`main`), or was logged `by hand`."""

    key: str
    budget_tokens: Amount
    raw: int
    usd: str | None
    percent: float


class InForce(TypedDict):
    """An override in force; without a phase it holds in all."""

    id: int
    sub_agent: str
    phase: str | None
    tier: str
    reason: str
    expires_at: str


class Opportunity(TypedDict):
    """A change of tier that would save `saves_per_week`, in words."""

    sub_agent: str
    phase: str
    tier: str
    title: str
    saves_per_week: str


class Optimisation(TypedDict):
    """The first few opportunities, and what all of them would save."""

    summary: str
    top: list[Opportunity]


class Week(Plan):
    """The running week in full. `limit_is_guess` until somebody sets the limit."""

    limit_is_guess: bool
    forecast_accuracy: Accuracy | None
    sub_agents: list[Spent]
    optimisation: Optimisation
    overrides: list[InForce]
