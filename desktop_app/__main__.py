"""Entry point: without an argument it opens the window, a command goes to `core.cli.main`.

Nothing heavy is imported at the top, because each spawned engine process imports this module too.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import sys
from collections.abc import Sequence

QT_OPTIONS = ("-platform", "-style", "-stylesheet", "-qwindowgeometry", "-reverse", "-display")


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window, or runs a command.

    Args:
        argv: what follows the program's name; the process's own arguments where None.

    Returns:
        The exit status.
    """
    multiprocessing.freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] not in QT_OPTIONS and not _only_workspace(arguments):
        return int(importlib.import_module("core.cli.main").main(arguments) or 0)
    return _open_window(arguments)


def _only_workspace(arguments: list[str]) -> bool:
    """Whether the window is opened on a named workspace: `pixelwright --workspace DIR`."""
    return len(arguments) == 2 and arguments[0] == "--workspace"


def _open_window(arguments: list[str]) -> int:
    if _only_workspace(arguments):
        os.environ["PIXELWRIGHT_WORKSPACE"] = arguments[1]
        arguments = []
    from desktop_app import display

    logging.basicConfig(level=logging.WARNING)
    if problem := display.problem(arguments):
        return _refuse(problem)
    try:
        from desktop_app.app import make_app
    except ImportError as error:
        return _refuse(display.explain_import(error))
    app = make_app([sys.argv[0], *arguments])
    status = int(app.exec())
    if multiprocessing.active_children():
        # A training engine may still be writing its last checkpoint. It does so on its own; an ordinary exit
        # would wait for it and leave the user's terminal hanging.
        logging.shutdown()
        os._exit(status)
    return status


def _refuse(sentence: str) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
