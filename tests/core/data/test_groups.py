import re
import shutil
import time

import numpy as np
import pytest

from core.data.groups import LONGEST_NAME
from core.data.load import load
from core.data.preview import preview
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings

PEOPLE = [f"p{number}" for number in range(20)]


def read(path, context, **changes):
    return load(DatasetSettings(data=str(path), **changes), 0, context)


def homes(dataset, person_of):
    """Person -> the splits that person's pictures are in."""
    found = {}
    for split, places in dataset.splits.items():
        for place in places:
            found.setdefault(person_of(dataset.names[place]), set()).add(split)
    return found


def by_folder(name):
    return name.split("/")[-2]


def by_name(name):
    return name.split("/")[-1].split("_")[0]


@pytest.fixture
def by_person(make_pictures):
    """Two classes of twenty people with five pictures each; every person is in both."""
    return lambda root="": make_pictures({f"{root}{label}/{person}": 5 for label in "ab" for person in PEOPLE})


@pytest.fixture
def named(make_pictures):
    """The same with the person in the file's name."""

    def make(root=""):
        folder = make_pictures({f"{root}{label}": 100 for label in "ab"})
        for path in list(folder.rglob("*.png")):
            number = int(path.stem)
            path.rename(path.with_name(f"{PEOPLE[number % 20]}_{number}.png"))
        return folder

    return make


def test_without_groups_a_persons_pictures_land_in_several_splits(by_person, context):
    assert max(map(len, homes(read(by_person(), context), by_folder).values())) > 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_folders_pictures_stay_in_one_split_across_classes(by_person, make_zip, context, packed):
    folder = by_person()
    dataset = read(make_zip(folder) if packed else folder, context, group_by="folder")
    found = homes(dataset, by_folder)
    assert set(found) == set(PEOPLE)
    assert {len(splits) for splits in found.values()} == {1}
    assert [len(rows) for rows in dataset.splits.values()] == [140, 20, 40]


def test_folders_deeper_inside_a_groups_folder_belong_to_the_group(make_pictures, context):
    folder = make_pictures({f"{label}/{person}/day{day}": 2 for label in "ab" for person in PEOPLE for day in range(3)})
    dataset = read(folder, context, group_by="folder")
    found = homes(dataset, lambda name: name.split("/")[-3])
    assert set(found) == set(PEOPLE)
    assert {len(splits) for splits in found.values()} == {1}


def test_names_that_share_a_part_stay_in_one_split(named, context):
    dataset = read(named(), context, group_by="name")
    assert {len(splits) for splits in homes(dataset, by_name).values()} == {1}
    assert [len(rows) for rows in dataset.splits.values()] == [140, 20, 40]
    assert not context.of(Log)


def test_regrouped_pictures_have_another_fingerprint_and_a_copy_has_the_same(named, context, new_context, tmp_path):
    folder = named()
    before = read(folder, context, group_by="name")
    assert read(shutil.copytree(folder, tmp_path / "copy"), context, group_by="name").fingerprint == before.fingerprint
    for path in list(folder.rglob("p19_*.png")):  # the order of the files stays
        path.rename(path.with_name(f"p18_z{path.stem[4:]}.png"))
    after = read(folder, new_context(), group_by="name")
    assert np.array_equal(after.targets.labels, before.targets.labels)
    assert after.fingerprint != before.fingerprint
    assert read(folder, new_context()).fingerprint == read(tmp_path / "copy", context).fingerprint


def test_the_preview_counts_the_same_splits(by_person, context, new_context):
    settings = DatasetSettings(data=str(by_person()), group_by="folder")
    dataset = load(settings, 0, new_context())
    assert preview(settings, context)["splits"] == {name: len(rows) for name, rows in dataset.splits.items()}


def test_a_given_test_split_that_divides_a_group_is_told(named, context):
    folder = named("train/")
    for label in "ab":
        (folder / "test" / label).mkdir(parents=True)
        (folder / "train" / label / "p3_3.png").rename(folder / "test" / label / "p3_3.png")
    dataset = read(folder, context, group_by="name")
    assert dataset.given == ("train", "test")
    assert any("group" in event.message and event.values == {"count": 2} for event in context.of(Log))
    others = {person: splits - {"test"} for person, splits in homes(dataset, by_name).items()}
    assert {len(splits) for splits in others.values()} == {1}


def test_files_outside_every_group_stand_alone_and_are_told(named, make_pictures, context):
    folder = named()
    make_pictures({"a": 3})
    dataset = read(folder, context, group_by="name")
    assert len(dataset.targets.labels) == 203
    assert [event.values for event in context.of(Log)] == [{"alone": 3, "count": 203}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group_by": "name", "group_pattern": "^(x)"}, "fits no file name"),
        ({"group_by": "folder"}, "nothing to group them by"),
        ({"group_by": "folder", "data": "digits"}, "are no files"),
    ],
)
def test_groups_that_are_not_there_are_told(named, context, changes, said):
    with pytest.raises(UserError, match=said):
        load(DatasetSettings(**{"data": str(named()), **changes}), 0, context)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group_by": "name"}, r"'\^\(\[\^_\]\+\)_' puts all pictures of .* such as 'IMG_00.png', into one group"),
        ({"group_by": "folder"}, "are one group, the folder 'all'"),
    ],
)
def test_a_single_group_of_all_pictures_is_refused(make_pictures, context, changes, said):
    folder = make_pictures({"a/all": 10, "b/all": 10})
    for path in list(folder.rglob("*.png")):
        path.rename(path.with_name(f"IMG_0{path.name}"))
    with pytest.raises(UserError, match=said):
        read(folder, context, **changes)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^([^_]+)_",
        r"IMG_(\d+)-\d+",
        r"(?:left|right)-(\w+?)-",
        r"^([]+*?{)]+)\)",
        r"^.*_(\w+)_.*\.png$",
        r"(?i)^(?P<person>[a-z]{3})\d{2}",
        r"^\[(.+?)\]",
        r"^(.+)]_\d{4}}",
        r"^(?:left|right|front|back)-(\w+)",
    ],
)
def test_patterns_that_are_fine(pattern):
    assert DatasetSettings.parse({"group_pattern": pattern}).group_pattern == pattern


@pytest.mark.parametrize("pattern", [r"^\w*\w*\w*([b-z])", r"\w*\w*([b-z])", "^.*?.*?.*?(!)"])
def test_the_worst_of_the_patterns_that_pass_take_no_second_for_the_longest_name(pattern):
    DatasetSettings.parse({"group_pattern": pattern})
    began = time.perf_counter()
    assert re.search(pattern, "a" * LONGEST_NAME) is None
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "no regular expression"),
        ("person", "one pair of brackets"),
        ("(a)(b)", "one pair of brackets"),
        ("(?#[)(a+)+(?#])", "too long"),
        ("(a+)+$", "too long"),
        ("[\\\n[](a+)+x]", "too long"),  # a set, for who takes backslash and newline for no escape
        ("[\\\\[](a+)+x]", "too long"),
        ("(?:a|a)*(b)", "too long"),
        ("(a){2,}", "too long"),
        ("(.*).*.*.*!", "too long"),
        ("a?a?a?a?(a)aaaa", "too long"),
        (r"\w*\w*\w*([b-z])", "too long"),
        (r"(?m)^\w*\w*\w*([b-z])", "too long"),
        ("(?:|)" * 19 + "(!)", "too long"),
        (r"(a)(?=b)", "too long"),
        (r"(\w+)\1", "too long"),
        ("(?x)(a) # x", "too long"),  # what is not known is refused
        ("(?>a)(b)", "too long"),
        ("(a){,}b", "too long"),
        ("(?i:a)(b)", "too long"),
        ("(" + "a" * 99 + ")", "100"),
    ],
)
def test_patterns_that_are_refused(pattern, said):
    with pytest.raises(UserError, match=re.escape(said)):
        DatasetSettings.parse({"group_pattern": pattern})


def test_the_seed_decides_which_groups_are_tested(by_person, new_context):
    folder = by_person()
    tested = [
        load(DatasetSettings(data=str(folder), group_by="folder"), seed, new_context()).splits["test"]
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(tested[0], tested[1])
    assert not np.array_equal(tested[0], tested[2])
