"""What the data tests share: a context that listens, and where larger real data may lie."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.context import Context
from core.events import Event
from core.jobs import Job
from core.runs.run import Workspace

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


@pytest.fixture
def make_pictures(tmp_path: Path):
    """Writes folders of noisy PNG pictures, all different: make_pictures({"cats": 5, "test/dogs": 2})."""
    rng = np.random.default_rng(0)

    def make(counts: dict[str, int], *, root: str = "pictures", size=(12, 12, 3)) -> Path:
        for folder, count in counts.items():
            (tmp_path / root / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                picture = rng.integers(0, 256, size, dtype=np.uint8)
                Image.fromarray(picture.squeeze()).save(tmp_path / root / folder / f"{number}.png")
        return tmp_path / root

    return make


@pytest.fixture
def make_zip(tmp_path: Path):
    """Packs a folder: make_zip(folder, inside="outer/")."""

    def make(folder: Path, *, inside: str = "", name: str = "pictures.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, inside + file.relative_to(folder).as_posix())
        return tmp_path / name

    return make
