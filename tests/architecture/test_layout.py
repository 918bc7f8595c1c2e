"""The rooms of core: few things in its root, files that are read at one sitting, a README in each folder."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [path.parent for path in (ROOT / "core").rglob("__init__.py")]
FILES = list((ROOT / "core").rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60


def test_only_what_everything_else_stands_on_lies_in_the_root():
    found = {path.stem for path in (ROOT / "core").glob("*.py")} - {"__init__"}
    assert found == {"catalog", "context", "errors", "events", "jobs"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_folder_says_its_rule(folder):
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {folder.relative_to(ROOT).as_posix()}")


def test_no_file_is_longer_than_a_sitting():
    assert [path for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES] == []


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path.name}:{node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_links_between_the_readmes_lead_somewhere():
    for readme in [*(ROOT / "core").rglob("README.md"), ROOT / "README.md", ROOT / "desktop_app" / "README.md"]:
        text = readme.read_text(encoding="utf-8")
        for part in text.split("](")[1:]:
            target = part.partition(")")[0]
            if not target.startswith("http"):
                assert (readme.parent / target).exists(), f"{readme}: {target}"
