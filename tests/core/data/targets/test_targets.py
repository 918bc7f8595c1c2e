"""What every kind of target promises to whoever loads, divides and trains on samples."""

import numpy as np
import pytest

from core import catalog
from core.data.targets.captions import CaptionTargets
from core.data.targets.classes import ClassTargets, class_counts, classes_of
from core.data.targets.nothing import NoTargets
from core.errors import UserError

EVERY = {
    "class": ClassTargets(("cat", "dog", "owl"), np.array([0, 1, 1, 0])),
    "captions": CaptionTargets([("a cat", "one cat"), ("a dog",), ("a dog",), ("a cat",)]),
    "none": NoTargets(4),
}


def test_every_row_of_the_catalog_is_tried_here():
    assert set(EVERY) == set(catalog.TARGETS)


@pytest.mark.parametrize("kind", EVERY)
def test_some_of_them_are_those_of_the_samples_asked_for(kind):
    targets = EVERY[kind]
    some = targets.take(np.array([3, 1]))
    assert (len(targets), len(some), some.kind) == (4, 2, kind)
    assert [some.caption(0), some.caption(1)] == [targets.caption(3), targets.caption(1)]
    assert len(targets.strata()) == 4


@pytest.mark.parametrize("kind", EVERY)
def test_a_batch_has_a_row_a_sample(kind):
    assert len(EVERY[kind].batch(np.array([2, 0, 1]))) == 3


def test_one_of_several_captions_is_trained_on_by_chance_and_the_first_is_measured():
    targets = CaptionTargets([("a", "b", "c")] * 30)
    every = np.arange(30)
    one, same, other = (targets.batch(every, None, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert one == same != other
    assert set(one) == {"a", "b", "c"}
    assert targets.batch(every).tolist() == ["a"] * 30


@pytest.mark.parametrize("kind", ["class", "captions"])
def test_other_targets_have_another_fingerprint(kind):
    targets = EVERY[kind]
    other = targets.take(np.array([0, 1, 3, 2]))
    assert targets.content() != other.content()
    assert targets.content() == targets.take(np.arange(4)).content()


def test_captions_that_are_cut_elsewhere_are_other_captions():
    assert CaptionTargets([("ab", "c")]).content() != CaptionTargets([("a", "bc")]).content()
    assert CaptionTargets([("a",), ("b",)]).content() != CaptionTargets([("a", "b")]).content()


def test_classes_without_a_sample_are_left_out_once_files_could_not_be_read():
    present = EVERY["class"].present("data", 2)
    assert (present.classes, present.labels.tolist()) == (("cat", "dog"), [0, 1, 1, 0])
    with pytest.raises(UserError, match="Only the class 'dog' in 'data' holds pictures"):
        EVERY["class"].take(np.array([1, 2])).present("data", 2)


def test_samples_without_classes_become_one_class_where_none_are_needed(tmp_path):
    stand_in = catalog.load(catalog.TARGETS["class"])
    assert stand_in(str(tmp_path / "my.cats"), 3, 0).classes == ("my.cats",)
    with pytest.raises(UserError, match="lie in no class folders"):
        stand_in(str(tmp_path), 3, 1)


def test_captions_that_are_all_alike_teach_nothing():
    assert EVERY["captions"].problem("data", 2) is None
    alike = EVERY["captions"].take(np.array([1, 2]))
    assert "the same caption" in str(alike.problem("data", 2))


def test_only_copies_of_several_classes_contradict_each_other():
    assert EVERY["class"].conflict([0, 1])
    assert not EVERY["class"].conflict([1, 2])
    assert not any(EVERY[kind].conflict([0, 1]) for kind in EVERY if kind != "class")


def test_captions_are_not_warned_of_as_classes_are():
    targets = CaptionTargets([(f"caption {number}", "the same") for number in range(3000)])
    assert targets.counts() == {"captions": 6000, "different": 3001}
    assert targets.warnings() == []
    assert class_counts(targets) == class_counts(None) == {}
    assert class_counts(EVERY["class"]) == {"cat": 2, "dog": 2, "owl": 0}


def test_who_needs_classes_says_so():
    with pytest.raises(TypeError, match="kind 'captions'"):
        classes_of(EVERY["captions"])
