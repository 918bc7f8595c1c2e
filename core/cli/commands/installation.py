"""The command that looks at the installation: `doctor`."""

from __future__ import annotations

import sys

from core.cli.doctor import examine
from core.cli.options import Shared
from core.cli.output import output
from core.cli.visible import visible
from core.cli.workspace import open_workspace


def doctor(*, shared: Shared) -> None:
    """Show which backends and devices there are, what is missing, and the command that adds it."""
    stream = sys.stderr if shared.as_json else sys.stdout

    def write_line(line: str) -> None:
        stream.write(f"{visible(line)}\n")
        stream.flush()

    output(examine(open_workspace(shared).folder, write_line), shared)
