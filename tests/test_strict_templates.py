"""That a template which asks for what is not there is noticed: else the guard proves nothing."""

from django.template import Context, Template

from allocation.policy.preflight import Evidence, TokenRange

TOKENS = TokenRange(1, 2, 3, Evidence.SD)


def test_what_an_object_of_ours_has_not_is_noted(asked_in_vain: list[str]) -> None:
    asked = "{{ tokens.lost }}{% if tokens.few %}{% endif %}{% for _ in tokens.all %}{% endfor %}"
    Template(asked).render(Context({"tokens": TOKENS}))
    assert asked_in_vain == ["TokenRange.lost", "TokenRange.few", "TokenRange.all"]
    asked_in_vain.clear()


def test_what_need_not_be_there_is_not() -> None:
    asked = "{{ tokens.low }}{{ absent }}{{ facts.absent }}{% if absent.low %}{% endif %}"
    assert Template(asked).render(Context({"tokens": TOKENS, "facts": {}})) == "1"
