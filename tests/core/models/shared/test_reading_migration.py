from core import catalog
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.reading_migration import keep_reading


def test_a_saved_model_keeps_the_reading_of_its_time():
    values = {"description": {"settings": {"fit": "crop"}}, "variables": {}}
    assert keep_reading(values)["description"]["settings"] == {"fit": "crop", "intensity": "picture"}
    assert values["description"]["settings"] == {"fit": "crop"}


def test_a_checkpoint_holds_no_settings():
    assert keep_reading({"state": {}, "variables": {}}) == {"state": {}, "variables": {}}


def test_every_model_of_pictures_migrates():
    for name, row in catalog.MODELS.items():
        if catalog.KINDS[row.kind].samples == "pictures":
            assert keep_reading in migrations_of(name)
            assert format_of(name) > 1
