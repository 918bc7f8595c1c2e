import pytest

from core.data.check import check
from core.data.load import load
from core.data.open_index import check_data, trainable_index
from core.data.preview import preview
from core.data.sources import folders
from core.errors import UserError
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
    assert len(walks) == 1
    assert context.cache == {}

    check_data(settings, context)
    other = new_context()
    other.cache = context.cache
    load(settings, 0, other)
    assert len(walks) == 3


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
