"""What the data tests share: a context that listens, and where larger real data may lie."""

from pathlib import Path

import pytest

from core.context import Context
from core.events import Event
from core.jobs import Job
from core.runs import Workspace

SHARED = Path(__file__).parents[4] / "shared" / "data"


class Listening(Context):
    """A context that keeps every event."""

    def __init__(self, workspace: Path) -> None:
        self.events: list[Event] = []
        super().__init__(
            Job(task="check", backend="tensorflow"), Workspace(workspace), listener=lambda event: self.listen(event)
        )

    def listen(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def context(tmp_path: Path) -> Listening:
    return Listening(tmp_path / "workspace")


@pytest.fixture
def new_context(tmp_path: Path):
    """Makes further contexts over the same workspace."""
    return lambda: Listening(tmp_path / "workspace")


@pytest.fixture
def shared_data():
    """Looks up a file or folder of real test data beside the checkout; skips where it is missing."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs {name} in ../shared/data")
        return path

    return find
