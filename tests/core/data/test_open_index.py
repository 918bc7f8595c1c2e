import pytest

from core.data.check import check
from core.data.load import load
from core.data.open_index import check_data, forget_indexes, open_index, trainable_index
from core.data.preview import preview
from core.data.reading import expected_shape
from core.data.sources import folders
from core.engine.engine import run_job
from core.errors import UserError
from core.jobs import Job
from core.kinds.gan import GAN
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings


def test_what_was_checked_is_not_gone_through_again_by_the_same_job(make_pictures, context, new_context, monkeypatch):
    walks = []
    walk = folders.walk
    monkeypatch.setattr(folders, "walk", lambda *given: (walks.append(given), walk(*given))[1])
    settings = DatasetSettings(data=str(make_pictures({"a": 5, "b": 5})))
    check_data(settings, context)
    load(settings, 0, context)
    load(settings.model_copy(update={"image_px": 8, "test_share": 0.5}), 0, context)
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
    walk = folders.walk
    monkeypatch.setattr(folders, "walk", lambda *given: (walks.append(given), walk(*given))[1])
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
