"""A disk that fails, or a process that dies, at a chosen one of the steps by which files are written.

A step is a write that reaches the system, an fsync, a rename, a new file or folder, a deletion.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import tempfile
from contextlib import contextmanager


class KilledError(BaseException):
    """The process is dead: from here on it changes nothing any more."""


class FailingDisk:
    """Counts steps.

    Args:
        at: int, the step that fails, from 1; 0 lets all go well.
        error: what it raises, an OSError; None kills the process there.
        after: bool, whether the process is killed once the step is done, not before.
        lasting: bool, whether every later write fails too, as on a full disk.
    """

    def __init__(self, at=0, error=None, *, after=False, lasting=False):
        self.steps = 0
        self.happened = False
        self._at, self._error, self._after, self._lasting = at, error, after, lasting

    @property
    def dead(self):
        """Whether the process has been killed."""
        return self._error is None and self.happened

    def step(self, action, *, writes=True):
        """Does a step, or fails."""
        if self.dead:
            raise KilledError
        self.steps += 1
        hit = self.steps == self._at or (self._lasting and self.happened and writes)
        if not hit:
            return action()
        self.happened = True
        if self._error is None:
            done = action() if self._after else None
            if hasattr(done, "close"):
                done.close()
            raise KilledError
        raise self._error

    @contextmanager
    def installed(self, monkeypatch):
        """Puts it between the program and the system."""
        disk = self

        class Raw(io.FileIO):
            def write(self, content):
                if disk.dead:  # what is left in a buffer when the file is let go of
                    return len(content)
                return disk.step(lambda: super(Raw, self).write(content))

        def opened(real):
            def open_file(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, **more):
                if not set(mode) & set("wax+") or more.get("opener"):
                    return real(file, mode, buffering, encoding, errors, newline, **more)
                raw_mode = mode.replace("b", "").replace("t", "")
                raw = Raw(file, raw_mode, **more) if isinstance(file, int) else disk.step(lambda: Raw(file, raw_mode))
                if buffering == 0:
                    return raw
                buffer = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
                return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

            return open_file

        def stepped(real, *, writes=True):
            return lambda *given, **more: disk.step(lambda: real(*given, **more), writes=writes)

        with monkeypatch.context() as patch:
            patch.setattr(io, "open", opened(io.open))
            patch.setattr(builtins, "open", opened(builtins.open))
            for name in ("fsync", "replace", "rename", "mkdir", "truncate"):
                patch.setattr(os, name, stepped(getattr(os, name)))
            for name in ("unlink", "rmdir", "remove"):
                patch.setattr(os, name, stepped(getattr(os, name), writes=False))
            for name in ("mkstemp", "mkdtemp"):
                patch.setattr(tempfile, name, stepped(getattr(tempfile, name)))
            yield self


def full():
    """The disk is full."""
    return OSError(errno.ENOSPC, "No space left on device")


def broken():
    """The disk can't be read or written there."""
    return OSError(errno.EIO, "Input/output error")


def held():
    """Somebody else holds the file, as on Windows, or may forbid it."""
    return PermissionError(errno.EACCES, "Permission denied")
