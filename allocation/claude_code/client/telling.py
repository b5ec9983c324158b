"""What a status line was given, sent on once the line is printed: the plan's readings."""

import os
from time import time

from allocation.claude_code.client import spool, state
from allocation.claude_code.client.home import connection, write_json
from allocation.claude_code.client.hook import headers, send_queue
from allocation.claude_code.client.payload import Json
from allocation.claude_code.client.transport import Away, Refused, post


def tell(said: Json, folder: str) -> None:
    """Tell the server and keep the state that it answers. Nothing is queued: the next line will
    say what holds then."""
    to = connection(folder)
    if to is None:
        return
    try:
        write_json(os.path.join(folder, "status.json"), {**said, "sent": time()})
        reply = post(to.url, "/hooks/status-line", said, headers(to, {}), 10)
        state.save(folder, reply.get("state"))
        if spool.is_waiting(folder):
            send_queue(folder)
    except (Away, Refused, OSError):
        return
