"""Learns merges in a process of its own, which can be ended at any moment. Knows no file.

The tokenizer's library can't be interrupted, and needs minutes for much text. It releases Python's lock meanwhile,
but a thread can't be ended from outside.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from core.context import Context
from core.data.progress import Progressing
from core.errors import UserError
from core.text.tokenizer.merges import Merges, learn_merges

CHUNK = 500  # parts, of at most 2,000 characters: what is sent at once
WAIT_S = 0.1
MERGING = "Compute merges"  # the library's name of the stage that takes long


def learn_merges_in_process(parts: Sequence[str], size: int, context: Context) -> Merges:
    """Learns merges; see `learn_merges`.

    Args:
        parts: texts.
        size: int >= 257, tokens at most.
        context: gets the progress, and is asked whether to stop; stopping ends the process.

    Raises:
        CancelledError: the user has asked the job to stop.
        UserError: the process ended by itself, for want of memory, say.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_learn, args=(theirs, size), daemon=True)
    process.start()
    theirs.close()
    try:
        _hand_over(ours, parts, context)
        progress = Progressing(context, "merge", size, "tokens")
        while True:
            while not ours.poll(WAIT_S):
                progress.tick()
            what, value = ours.recv()
            if what == "done":
                progress.end()
                found: Merges = value
                return found
            progress.total = value[1]
            progress.advance(value[0] - progress.done)
    except (EOFError, OSError) as error:
        context.check()  # Ctrl-C may have ended the process before it could ignore the signal
        raise UserError(
            "The tokenizer could not be learnt: its process ended unexpectedly.",
            hint="It may have run out of memory: close other programs, or use less text.",
        ) from error
    finally:
        process.kill()
        process.join()
        ours.close()


def _hand_over(connection: Connection, parts: Sequence[str], context: Context) -> None:
    """Sends the parts in chunks, each once the other side has asked for it."""
    progress = Progressing(context, "tokenize", len(parts), "parts")
    for start in range(0, len(parts), CHUNK):
        while not connection.poll(WAIT_S):
            progress.tick()
        connection.recv()
        chunk = parts[start : start + CHUNK]
        connection.send(chunk)
        progress.advance(len(chunk))
    while not connection.poll(WAIT_S):
        progress.tick()
    connection.recv()
    connection.send(None)
    progress.end()


def _learn(connection: Connection, size: int) -> None:
    """Main function of the process: receives the parts, learns the merges, sends its progress."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the one that asked decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    reading, writing = os.pipe()
    os.dup2(writing, 2)  # the library writes its progress there
    lock = threading.Lock()

    def send(what: str, value: object) -> None:
        with lock, suppress(OSError):
            connection.send((what, value))

    threading.Thread(target=_send_progress, args=(reading, send), daemon=True).start()
    send("done", learn_merges(_received(connection), size, "json"))


def _received(connection: Connection) -> Iterator[str]:
    while True:
        connection.send("more")
        chunk = connection.recv()
        if chunk is None:
            return
        yield from chunk


def _send_progress(reading: int, send: Callable[[str, object], None]) -> None:
    """Sends how many merges are made, at most a hundred times in all."""
    sent = 0
    with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):
                values = json.loads(line)
                done, total = int(values["current"]), int(values["total"])
                if values["stage"] == MERGING and total and (done - sent) * 100 >= total:
                    sent = done
                    send("merged", (done, total))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
