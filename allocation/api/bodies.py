"""The body of a request, read piece by piece and never beyond a bound."""

import zlib
from collections.abc import Iterator

from django.http import HttpRequest

_PIECE = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


class BodyRefused(Exception):
    """A body that is not taken. `status` is 400, 413 or 415; `str()` is one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def media_type(request: HttpRequest) -> str:
    """The media type of the body without its parameters, in small letters."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def read_body(request: HttpRequest, *, most: int) -> bytes:
    """The body, unpacked if it comes as gzip; at most `most` bytes, packed and unpacked.

    Raises BodyRefused. A small body that unpacks to a large one is left as soon as it passes the
    bound, so it costs no more memory than one that is allowed.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise BodyRefused(415, f"Content-Encoding may be gzip or absent, not “{encoding[:40]}”.")
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > most:
        raise _too_big(most)
    pieces = _pieces(request)
    if encoding == "gzip":
        pieces = _unpacked(pieces, most)
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > most:
            raise _too_big(most)
    return bytes(whole)


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    # A chunked body has no length, and Django then takes it for empty. Servers that end the stream
    # themselves say so; some versions of Claude Code send chunks.
    chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if chunked else request
    try:
        while piece := source.read(_PIECE):
            yield piece
    except OSError as error:
        raise BodyRefused(400, "The body broke off before its end.") from error


def _unpacked(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacker, packed = zlib.decompressobj(_GZIP), 0
    try:
        for piece in pieces:
            packed += len(piece)
            if packed > most:
                raise _too_big(most)
            rest = piece
            while rest:
                if unpacker.eof:  # one gzip member after another is one body
                    unpacker = zlib.decompressobj(_GZIP)
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail or unpacker.unused_data
        yield unpacker.flush()
    except zlib.error as error:
        raise BodyRefused(400, "The body is not gzip, though Content-Encoding says so.") from error
    if packed and not unpacker.eof:
        raise BodyRefused(400, "The gzip body broke off before its end.")


def _too_big(most: int) -> BodyRefused:
    return BodyRefused(413, f"The body is larger than {most // 2**20} MB; send less at a time.")
