from core.data import folders
from core.data.load import load
from core.data.sources import check_data
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
