"""Fields of forms: what they say of what cannot be read."""

import pytest
from django.core.exceptions import ValidationError

from allocation.display.fields import count_field


@pytest.mark.parametrize("typed", ["-1", "1001", "many", "1.5"])
def test_a_count_says_in_one_sentence_what_it_takes(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        count_field(1_000).clean(typed)
    assert refused.value.messages == ["Write a whole number from 0 to 1,000."]


def test_a_count_is_a_number_and_may_be_left_out_where_it_is_not_required() -> None:
    assert count_field(1_000).clean("1000") == 1_000
    assert count_field(1_000, required=False).clean("") is None
