"""Tells failures that may pass by themselves from files that can't be read. Knows no picture."""

from __future__ import annotations


def may_pass(error: BaseException | None) -> bool:
    """Whether what kept a file from being read lies outside it: rights, a drive that is gone, too little memory.

    Args:
        error: with the errors that it was raised from.
    """
    while error is not None:
        # Decoders raise OSErrors too; those of the system have a number.
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None):
            return True
        error = error.__cause__
    return False
