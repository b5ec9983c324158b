import pytest

from allocation.audit.models import AuditEntry
from allocation.decisions.models import Decision
from allocation.decisions.outcomes import RunOutcome, observe_decision, record_outcome
from allocation.policy.errors import RuleError
from tests.factories import NOW, DecisionFactory, OverrideFactory, TierFactory

pytestmark = pytest.mark.django_db

SONNET, OPUS, HAIKU = "claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5"


def decision(**more: object) -> Decision:
    """TESTING was recommended sonnet, at a sonnet floor."""
    row: Decision = DecisionFactory(**more)
    return row


def said(row: Decision, **outcome: str) -> Decision:
    return record_outcome(
        decision=row, outcome=RunOutcome(**outcome), actor="agent runner", now=NOW
    )


@pytest.mark.parametrize(
    ("requested", "model", "mismatch"),
    [
        ("", SONNET, "followed"),
        ("opus", SONNET, "followed"),
        ("haiku", SONNET, "floor_raise"),
        ("", OPUS, "silent_mismatch"),
        ("opus", OPUS, "silent_mismatch"),
        ("", "claude-next-9", "unknown"),
    ],
)
def test_what_is_seen_is_classed(requested: str, model: str, mismatch: str) -> None:
    row = observe_decision(decision=decision(requested=requested), model=model)
    assert (row.observed, row.mismatch) == (model, mismatch)


def test_the_chairmans_override_explains_what_was_not_asked_for() -> None:
    row = decision(
        requested="haiku", override=OverrideFactory(), recommended=TierFactory(name="opus")
    )
    assert observe_decision(decision=row, model=OPUS).mismatch == "override"


@pytest.mark.parametrize("models", [(SONNET, OPUS), (OPUS, SONNET), (OPUS, "claude-next-9")])
def test_a_departure_that_was_seen_once_stays(models: tuple[str, str]) -> None:
    row = decision()
    for model in models:
        observe_decision(decision=row, model=model)
    row.refresh_from_db()
    assert (row.observed, row.mismatch) == (OPUS, "silent_mismatch")


def test_a_departure_that_was_seen_is_not_taken_back_by_a_report() -> None:
    row = observe_decision(decision=decision(), model=OPUS)
    with pytest.raises(RuleError, match="ran on opus, but sonnet was recommended"):
        said(row, observed=SONNET, result="passed")
    for reason in ("It was hard.", ""):
        told = said(row, observed=SONNET, result="passed", override_reason=reason)
        assert (told.observed, told.mismatch, told.result) == (OPUS, "override", "passed")


def test_session_and_agent_are_kept_from_the_first_who_knew() -> None:
    row = decision()
    observe_decision(decision=row, model=SONNET, session_id="s1", agent_id="a1")
    observe_decision(decision=row, model=SONNET, session_id="s2", agent_id="a2")
    row.refresh_from_db()
    assert (row.session_id, row.agent_id) == ("s1", "a1")


def test_a_result_that_names_no_model_takes_back_none() -> None:
    row = observe_decision(decision=decision(), model=SONNET)
    row = observe_decision(decision=row, model="", session_id="s1", agent_id="a1")
    assert (row.observed, row.mismatch, row.agent_id) == (SONNET, "followed", "a1")


@pytest.mark.parametrize("ran", [OPUS, "opus", HAIKU])
def test_a_departure_needs_a_reason(ran: str) -> None:
    row = decision()
    with pytest.raises(RuleError, match=r"sonnet was recommended.*override_reason"):
        said(row, observed=ran, result="passed", override_reason="  ")
    row.refresh_from_db()
    assert (row.observed, row.result) == ("", "")
    assert said(row, observed=ran, override_reason="It kept failing.").mismatch == "override"


def test_a_run_that_was_put_off_and_ran_needs_a_reason() -> None:
    row = decision(outcome="defer", recommended=None)
    with pytest.raises(RuleError, match="put off"):
        said(row, observed=OPUS)


def test_the_same_said_twice_leaves_one_entry() -> None:
    row = decision()
    for _ in range(2):
        said(row, observed=OPUS, result="rework", override_reason="It kept failing.")
    assert AuditEntry.objects.filter(action="decision outcome").count() == 1


def test_a_plain_outcome_leaves_no_entry_and_a_changed_one_does() -> None:
    row = decision()
    said(row, observed=SONNET, result="passed")
    assert not AuditEntry.objects.exists()
    said(row, result="rework")
    entry = AuditEntry.objects.get()
    assert (entry.before["result"], entry.after["result"]) == ("passed", "rework")


@pytest.mark.parametrize("wrong", [{"result": "great"}, {"requested": "gpt"}])
def test_what_is_no_outcome_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RuleError):
        said(decision(), **wrong)
