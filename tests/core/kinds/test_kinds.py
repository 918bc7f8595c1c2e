"""Every kind's row names what is there; everyone else asks the row."""

import ast
from pathlib import Path

import pytest

from core import catalog
from core.errors import UserError

ROOT = Path(__file__).parents[3]
# Where a name decides: a comparison, a pattern, a list of some that are meant.
CHOICES = (ast.Compare, ast.MatchValue, ast.Tuple, ast.List, ast.Set)


@pytest.mark.parametrize("key", catalog.KINDS)
def test_every_kind_names_code_tasks_and_targets_that_there_are(key):
    kind = catalog.KINDS[key]
    for name in (kind.describe, kind.evaluate):
        module, function = name.split(":")
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(kind.tasks) <= set(catalog.TASKS)
    assert kind.preview in catalog.TASKS
    assert kind.wanted.target in catalog.TARGETS
    assert (ROOT / "resources" / "icons" / f"{kind.icon}.svg").exists()
    assert catalog.MODELS[kind.usual].kind == key
    assert len(kind.plots) == 2


def test_a_run_of_another_kind_is_refused_by_what_is_asked_of_it():
    catalog.check_use("classify", "cnn", "r1")
    with pytest.raises(UserError, match=r"The run 'r1' draws no pictures: it is a CNN. Name a run .* `train dcgan`"):
        catalog.check_use("generate", "cnn", "r1")
    with pytest.raises(UserError, match=r"The run 'r1' is of no use .* a Vision Transformer. .* `train cnn`"):
        catalog.check_use("stylize", "vit", "r1")


def test_what_no_row_names_is_told_and_a_task_that_no_kind_names_takes_every_run():
    catalog.check_use("evaluate", "gpt2", "r1")
    for task, model in (("classify", "clip"), ("classify", ""), ("generate", ""), ("bake", "cnn")):
        with pytest.raises(UserError, match="There is no"):
            catalog.check_use(task, model, "r1")


@pytest.mark.parametrize("folder", ["core", "desktop_app"])
def test_no_one_compares_kinds_or_models_by_their_names(folder):
    """Who does must be found and changed for each new one: a trait belongs into the row."""
    named = {*catalog.KINDS, *catalog.MODELS}
    for file in set((ROOT / folder).rglob("*.py")) - set((ROOT / "core" / "models").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, CHOICES):
                words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
                assert not words & named, f"{file}: line {node.lineno}"
