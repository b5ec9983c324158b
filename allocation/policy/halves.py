"""Halves of characters in JSON.

JSON writes a character beyond the first 65,536, such as an emoji, as a pair. JavaScript leaves one
half of it where it cuts a text in the middle of such a character; that half is none, and decoders
refuse all that it stands in.
"""

import re

# Group 1 is a half; what is matched besides is none.
_HALF = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_UNKNOWN = rb"\ufffd"


def without_halves(json: bytes) -> bytes:
    """The JSON with the sign for an unknown character, �, for each half; as long as before."""
    return _HALF.sub(lambda found: _UNKNOWN if found[1] else found[0], json)
