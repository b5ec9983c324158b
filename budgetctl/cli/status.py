"""The commands that say where the week stands: status, forecast, next, check."""

from budgetctl.cli import answers_text, remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, SdCode
from budgetctl.cli.printing import emit, show


def status(as_json: Json = False) -> None:
    """Show the Mission Control screen: what is left, will it last, what is next.

    With BUDGETCTL_URL and BUDGETCTL_TOKEN: where the week of that server stands.
    """
    if hub := remote.hub():
        said = hub.get("/status")
        emit(said) if as_json else show(answers_text.status(said, url=hub.url))
        return
    open_database()
    from budgetctl.cli import clock, status_text, week, week_json

    found = week.week_at(clock.now())
    if as_json:
        emit(week_json.status(found))
    else:
        show(status_text.status(found))


def forecast(as_json: Json = False) -> None:
    """Say how far the week's budget will reach at the burn rate so far."""
    open_database()
    from allocation.forecasts.outlook import outlook_at
    from allocation.forecasts.record import forecast_record, newest_forecast
    from budgetctl.cli import clock, rows, week_json, week_text

    now = clock.now()
    outlook, newest, record = outlook_at(now), newest_forecast(now), forecast_record(now)
    if as_json:
        emit(week_json.outlook(outlook, newest, record))
    else:
        show(week_text.forecast(outlook, newest, record, rows.owners_clock()))


def next_sd(as_json: Json = False) -> None:
    """Say which SD is next, and what to run it on: the text for the start of a session.

    Next is the SD longest in progress, else the proposed one of the highest
    priority, the oldest first.
    """
    open_database()
    from budgetctl.cli import clock, plan_text, week, week_json

    plan = week.plan_for_next(clock.now())
    if as_json:
        emit(week_json.plan(plan))
    else:
        show(plan_text.session_start(plan))


def check(sd: SdCode, as_json: Json = False) -> None:
    """Before an SD starts: the tier for each sub-agent, projected tokens, the zone afterwards."""
    open_database()
    from budgetctl.cli import clock, plan_text, rows, week, week_json

    plan = week.plan_for(rows.sd(sd), clock.now())
    if as_json:
        emit(week_json.plan(plan))
    else:
        show(plan_text.check(plan))
