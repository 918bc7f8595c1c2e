"""Every kind's row names what is there; everyone else asks the row."""

import ast
from pathlib import Path

import pytest

from core import catalog
from core.errors import UserError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("key", catalog.KINDS)
def test_every_kind_names_code_tasks_and_targets_that_there_are(key):
    kind = catalog.KINDS[key]
    for name in (kind.describe, kind.load, kind.evaluate):
        module, function = name.split(":")
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(kind.tasks) <= set(catalog.TASKS)
    assert kind.preview in catalog.TASKS
    assert kind.wanted.target in catalog.TARGETS
    assert (ROOT / "resources" / "icons" / f"{kind.icon}.svg").exists()
    assert any(row.kind == key for row in catalog.MODELS.values())


def test_a_run_of_another_kind_is_refused_by_what_is_asked_of_it():
    catalog.check_use("classify", "cnn", "r1")
    with pytest.raises(UserError, match=r"The run 'r1' draws no pictures: it is a CNN. Name a run .* `train dcgan`"):
        catalog.check_use("generate", "cnn", "r1")


@pytest.mark.parametrize("folder", ["core", "desktop_app"])
def test_no_one_compares_kinds_by_their_names(folder):
    """Who does must be found and changed for each new kind: a trait belongs into the row."""
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                words = {one.value for one in (node.left, *node.comparators) if isinstance(one, ast.Constant)}
                assert not words & set(catalog.KINDS), f"{file}: line {node.lineno}"
