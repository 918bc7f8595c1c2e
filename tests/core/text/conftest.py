"""What the tests of texts share: a context that listens, and files to read."""

from pathlib import Path

import pytest

from core.context import Context
from core.events import Event, Log
from core.jobs import Job
from core.runs.run import Workspace


class Listening(Context):
    """A context that keeps every event."""

    def __init__(self, folder: Path) -> None:
        self.events: list[Event] = []
        super().__init__(Job(task="check", backend="tensorflow"), Workspace(folder), listener=self.events.append)

    def logs(self) -> list[Log]:
        return [event for event in self.events if isinstance(event, Log)]


@pytest.fixture
def context(tmp_path):
    return Listening(tmp_path / "workspace")


@pytest.fixture
def write(tmp_path):
    """Writes files: write({"a.txt": "text", "b.txt": b"bytes"}) returns their folder."""

    def write(files, root="texts"):
        for name, content in files.items():
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / root

    return write
