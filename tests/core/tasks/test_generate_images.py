import numpy as np
import pytest
from PIL import Image

from core import catalog
from core.context import Context
from core.errors import UserError
from core.jobs import Job
from core.runs.run import Workspace
from core.tasks.generate_images import chosen_labels


def test_all_classes_take_turns_where_none_is_named():
    assert chosen_labels("", ["cats", "dogs"], np.arange(3)).tolist() == [0, 1, 0]
    assert chosen_labels("dogs", ["cats", "dogs"], np.arange(3)).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("label", "hint"),
    [("cat", "Did you mean 'cats'? It has learnt: cats, dogs."), ("horses", "It has learnt: cats, dogs.")],
)
def test_a_class_that_was_not_learnt_is_told_with_those_that_were(label, hint):
    with pytest.raises(UserError) as error:
        chosen_labels(label, ["cats", "dogs"], np.arange(3))
    assert str(error.value) == f"The run can't draw '{label}'. {hint}"


@pytest.mark.parametrize("suffix", [".png", ".gif"])
@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("generate", {"run": "r"}),
        ("interpolate", {"run": "r"}),
        ("inpaint", {"run": "r", "picture": "p.png", "mask": "m.png"}),
        ("stylize", {"backbone": "b", "content": "c.png", "style": "s.png"}),
    ],
)
def test_a_job_replaces_no_photograph_and_says_so_before_it_begins(tmp_path, task, settings, suffix):
    path = tmp_path / f"photo{suffix}"
    Image.new("RGB", (4, 4)).save(path)
    before = path.read_bytes()
    job = Job(task=task, settings={**settings, "out": str(path)})
    with pytest.raises(UserError, match="no file that this command has written"):
        catalog.load(job.function)(job.typed_settings(), Context(job, Workspace(tmp_path)))
    assert path.read_bytes() == before
