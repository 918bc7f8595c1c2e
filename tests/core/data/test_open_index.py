import pytest

from core.data import readable
from core.data.check import check
from core.data.form import expected_shape
from core.data.load import load
from core.data.open_index import check_data, check_other_data, find_format, forget_indexes, open_index, trainable_index
from core.data.preview import preview
from core.data.sources import folders
from core.engine.engine import run_job
from core.errors import UserError
from core.events import Log
from core.jobs import Job
from core.kinds.gan import GAN
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings


def test_what_was_checked_is_not_gone_through_again_by_the_same_job(make_pictures, context, new_context, monkeypatch):
    walks = []
    explore = folders.explore
    monkeypatch.setattr(folders, "explore", lambda *given, **named: (walks.append(given), explore(*given, **named))[1])
    settings = DatasetSettings(data=str(make_pictures({"a": 5, "b": 5})))
    check_data(settings, context)
    load(settings, 0, context)
    load(settings.model_copy(update={"image_px": 8, "test_share": 0.5}), 0, context)
    load(settings, 0, context, Wanted(fewest=1))
    assert len(walks) == 1

    other = new_context()
    other.cache = context.cache
    load(settings, 0, other)
    assert len(walks) == 2
    forget_indexes(other)
    assert context.cache == {}


def test_other_pictures_than_were_checked_are_indexed_for_themselves(make_pictures, context):
    settings = DatasetSettings(data=str(make_pictures({"p": 5, "q": 5})))
    check_data(settings, context)
    other = settings.model_copy(update={"data": str(make_pictures({"x": 4, "y": 4}, root="others"))})
    assert load(other, 0, context).targets.classes == ("x", "y")
    grouped = open_index(
        settings.model_copy(update={"group_by": "name", "group_pattern": r"^(\d)"}), 0, context, Wanted()
    )
    assert grouped.groups is not None
    assert open_index(settings, 0, context, Wanted("none", 0)).target.kind == "none"
    assert open_index(settings, 0, context, Wanted()).target.kind == "class"
    drawn = DatasetSettings(data="shapes", count=100)
    assert open_index(drawn, 0, context, Wanted()).identity != open_index(drawn, 1, context, Wanted()).identity


def test_nothing_is_kept_once_the_job_has_ended(make_pictures, context):
    """Whether it ends well or not."""
    folder = str(make_pictures({"a": 5, "b": 5}))
    for data in (folder, folder + "/a"):
        context.job = Job(task="check", settings={"data": data})
        run_job(context)
        assert context.cache == {}


def test_a_gans_data_is_gone_through_once(make_pictures, context, monkeypatch):
    """Its side is looked for first, then the pictures are read at that side."""
    walks = []
    explore = folders.explore
    monkeypatch.setattr(folders, "explore", lambda *given, **named: (walks.append(given), explore(*given, **named))[1])
    settings = DatasetSettings(data=str(make_pictures({"a": 5, "b": 5})))
    context = _of(context, "dcgan")
    check_data(settings, context)
    expected_shape(trainable_index(settings, context), settings, context)
    load(settings.model_copy(update={"image_px": 32}), 0, context, GAN.wanted)
    assert len(walks) == 1


def _of(context, model):
    context.job = context.job.model_copy(update={"model": model})
    return context


def test_what_draws_learns_from_one_class(make_pictures, context, new_context):
    settings = DatasetSettings(data=str(make_pictures({"cats": 20})))
    for model in ("", "cnn"):
        with pytest.raises(UserError, match="only one class"):
            trainable_index(settings, _of(new_context(), model))
    assert trainable_index(settings, _of(context, "dcgan")).target.classes == ("cats",)
    assert preview(settings, context)["classes"] == {"cats": 20}
    found = check(settings, context)
    assert found["refused"] == ""
    assert found["splits"]["train"] == 14
    assert "only one class" in check(settings, _of(new_context(), "vit"))["refused"]


@pytest.mark.parametrize("zipped", [False, True])
def test_what_draws_learns_from_pictures_in_no_class_folders(make_pictures, make_zip, context, new_context, zipped):
    folder = make_pictures({".": 20}, root="my.cats")
    settings = DatasetSettings(data=str(make_zip(folder, name="my.cats.zip") if zipped else folder))
    with pytest.raises(UserError, match="no class folders"):
        preview(settings, _of(new_context(), "cnn"))
    assert preview(settings, _of(context, "dcgan"))["classes"] == {"my.cats": 20}
    assert check(settings, context)["refused"] == ""
    dataset = load(settings, 0, new_context(), GAN.wanted)
    assert dataset.targets.classes == ("my.cats",)
    assert len(dataset.images) == 20
    with pytest.raises(UserError, match="no class folders"):
        load(settings, 0, new_context(), Wanted(fewest=1))


def test_pictures_in_no_class_folders_are_kept_together_by_their_names(make_pictures, context):
    folder = make_pictures({".": 20})
    for place, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"p{place % 5}_{place}.png")
    settings = DatasetSettings(data=str(folder), group_by="name")
    index = trainable_index(settings, _of(context, "dcgan"))
    assert sorted(set(index.groups)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("model", ["cnn", "dcgan"])
def test_what_no_model_can_learn_from_is_refused(make_pictures, context, model):
    (make_pictures({}, root="empty")).mkdir()
    for data in (str(make_pictures({}, root="empty")), "shapes-clips"):
        with pytest.raises(UserError):
            trainable_index(DatasetSettings(data=data), _of(context, model))


@pytest.mark.parametrize(
    ("data", "guess"), [("digts", "digits"), ("Digit", "digits"), ("shape", "shapes"), ("shapes-clip", "shapes-clips")]
)
def test_a_mistyped_name_is_answered_with_the_one_that_is_meant(data, guess):
    with pytest.raises(UserError, match=f"Did you mean '{guess}'?"):
        find_format(data)


def test_a_mistyped_folder_is_answered_with_the_one_beside_it(make_pictures):
    folder = make_pictures({"a": 1}, root="pictures")
    with pytest.raises(UserError, match="Did you mean") as caught:
        find_format(str(folder.with_name("picutres")))
    assert caught.value.values["guess"] == str(folder)
    with pytest.raises(UserError) as caught:
        find_format(str(folder.with_name("nothing like it")))
    assert "Did you mean" not in str(caught.value)


def test_an_embedded_set_that_hides_a_folder_is_told(make_pictures, context, new_context, tmp_path, monkeypatch):
    make_pictures({"a": 3, "b": 3}, root="digits")
    monkeypatch.chdir(tmp_path)
    assert len(load(DatasetSettings(data="digits"), 0, context).images) == 1797
    (told,) = context.of(Log)
    assert "write './digits'" in str(UserError(told.message, **told.values))
    assert len(load(DatasetSettings(data="./digits"), 0, new_context()).images) == 6


def test_pictures_that_nobody_can_read_are_told_before_a_backend_is_loaded(make_pictures, context):
    folder = make_pictures({"a": 4, "b": 4})
    for path in folder.glob("*/*.png"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match="None of the 8 pictures"):
        check_data(DatasetSettings(data=str(folder)), context)


def test_one_class_that_nobody_can_read_is_told_before_a_backend_is_loaded(make_pictures, context, new_context):
    folder = make_pictures({"a": 4, "b": 4})
    for path in folder.glob("b/*.png"):
        path.write_bytes(b"")
    settings = DatasetSettings(data=str(folder))
    with pytest.raises(UserError, match="Only the class 'a'"):
        check_data(settings, context)
    check_data(settings, _of(new_context(), "dcgan"))
    make_pictures({"b": 4})
    (folder / "b" / "0.png").write_bytes(b"")
    check_data(settings, new_context())


def test_no_more_pictures_are_decoded_than_tell_that_some_can_be(make_pictures, context, monkeypatch):
    decoded = []
    decode = readable.decode
    monkeypatch.setattr(readable, "decode", lambda *given, **named: (decoded.append(given), decode(*given, **named))[1])
    check_data(DatasetSettings(data=str(make_pictures({"a": 20, "b": 20, "c": 20}))), context)
    assert len(decoded) == 2


@pytest.mark.parametrize("empty", [True, False])
def test_other_data_are_looked_at_before_a_backend_is_loaded(make_pictures, new_context, empty):
    folder = make_pictures({"a": 3})
    settings = DatasetSettings(data=str(folder), group_by="folder")
    check_other_data(settings, new_context())
    for path in folder.glob("a/*.png"):
        path.unlink() if empty else path.write_bytes(b"")
    with pytest.raises(UserError, match="No pictures found" if empty else "None of the 3 pictures"):
        check_other_data(settings, new_context())


@pytest.mark.parametrize("model", ["cnn", "dcgan"])
def test_a_flat_train_and_test_folder_are_splits_for_who_needs_no_classes(make_pictures, context, new_context, model):
    settings = DatasetSettings(data=str(make_pictures({"train": 8, "test": 4}, root="flat")))
    if model == "cnn":
        with pytest.raises(UserError, match=r"'test', 'train' in .* are taken for splits"):
            trainable_index(settings, _of(context, model))
        return
    dataset = load(settings, 0, context, GAN.wanted)
    assert (dataset.given, dataset.targets.classes) == (("train", "test"), ("flat",))
    assert len(dataset.splits["test"]) == 4
    assert any("taken for splits" in log.message for log in context.of(Log))
