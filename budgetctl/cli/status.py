"""The commands that say where the week stands: status, forecast, next, check.

Each says the same here and, with BUDGETCTL_URL and BUDGETCTL_TOKEN, of the server elsewhere.
"""

from budgetctl.cli.here import hub_or_here
from budgetctl.cli.parameters import Json, SdCode
from budgetctl.cli.printing import emit, show


def status(as_json: Json = False) -> None:
    """Show the Mission Control screen: what is left, will it last, what is next.

    With BUDGETCTL_URL and BUDGETCTL_TOKEN: where the week of that server stands.
    """
    from budgetctl.cli import status_text

    said = hub_or_here().week()
    emit(said) if as_json else show(status_text.status(said))


def forecast(as_json: Json = False) -> None:
    """Say how far the week's budget will reach at the burn rate so far.

    With BUDGETCTL_URL and BUDGETCTL_TOKEN: the week of that server.
    """
    from budgetctl.cli import week_text

    said = hub_or_here().forecast()
    emit(said) if as_json else show(week_text.forecast(said))


def next_sd(as_json: Json = False) -> None:
    """Say which SD is next, and what to run it on: the text for the start of a session.

    Next is the SD longest in progress, else the proposed one of the highest
    priority, the oldest first. With BUDGETCTL_URL and BUDGETCTL_TOKEN: of the
    SDs of that server.
    """
    from budgetctl.cli import plan_text

    said = hub_or_here().next_sd()
    emit(said) if as_json else show(plan_text.session_start(said))


def check(sd: SdCode, as_json: Json = False) -> None:
    """Before an SD starts: the tier for each sub-agent, projected tokens, the zone afterwards.

    With BUDGETCTL_URL and BUDGETCTL_TOKEN: an SD of that server.
    """
    from budgetctl.cli import plan_text

    said = hub_or_here().check(sd)
    emit(said) if as_json else show(plan_text.check(said))
