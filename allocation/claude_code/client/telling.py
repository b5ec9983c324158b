"""Sends the plan's readings, which Claude Code gives the status line, on to the server.

That happens in a process of its own once the line is printed, so that nobody waits for it.
"""

import os
from time import time

from allocation.claude_code.client import spool, state
from allocation.claude_code.client.home import connection, write_json
from allocation.claude_code.client.hook import headers, send_queue
from allocation.claude_code.client.payload import Json
from allocation.claude_code.client.transport import Away, Refused, post


def tell(said: Json, folder: str) -> None:
    """Tell the server, and keep the state that it answers.

    If it cannot be reached nothing is queued: the next status line brings newer readings.
    """
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
