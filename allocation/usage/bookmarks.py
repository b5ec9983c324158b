"""How far each transcript has been read, kept in the database."""

from collections.abc import Iterable
from datetime import datetime

from allocation.usage.models import TranscriptFile
from allocation.usage.tables import among
from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found
from allocation.usage.transcripts.reader import End
from allocation.usage.transcripts.unread import Bookmark, moved

_COLUMNS = Bookmark._fields


def known(found: Iterable[Found]) -> dict[str, Bookmark]:
    """The bookmarks of those files that have one."""
    rows = TranscriptFile.objects.filter(path__in=among(as_text(file.path) for file in found))
    return {path: Bookmark(*row) for path, *row in rows.values_list("path", *_COLUMNS)}


def keep(ends: Iterable[End], files: dict[bytes, Found], *, now: datetime) -> None:
    """Store how far files have been read. Call it in the transaction that stores what they say."""
    read = [(end, files[end.path]) for end in ends]
    before = known(file for _, file in read)
    after: dict[str, Bookmark] = {}
    for end, file in read:
        name = as_text(file.path)
        after[name] = moved(end, file, before.get(name))
    TranscriptFile.objects.bulk_create(
        (TranscriptFile(path=path, read_at=now, **at._asdict()) for path, at in after.items()),
        update_conflicts=True,
        unique_fields=["path"],
        update_fields=[*_COLUMNS, "read_at"],
    )
