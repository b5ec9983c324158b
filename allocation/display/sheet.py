"""Cells for spreadsheets."""

# Those of full width are taken for the others where Chinese, Japanese or Korean is written.
FORMULA_STARTS = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")


def neutral(value: object) -> object:
    """The value so that no spreadsheet takes a text for a formula: a leading apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


class Echo:
    """A file that gives back what is written to it, for a `csv.writer` that streams."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text
