import json

import pytest

from core import catalog
from core.cli.commands import settings


@pytest.mark.parametrize("name", settings.ROWS)
def test_every_setting_that_can_be_set_is_listed(call, name):
    status, stdout, _ = call("settings", name, "--json")
    listed = json.loads(stdout)["settings"]
    assert status == 0
    assert [setting["name"] for setting in listed] == list(catalog.load(settings.ROWS[name].settings).model_fields)
    assert all(setting["help"] and setting["takes"] for setting in listed)
    said = call("settings", name)[1]
    assert all(setting["help"] in said for setting in listed)


def test_a_setting_is_told_with_what_it_takes(call):
    said = call("settings", "dcgan")[1]
    assert "\nfilters=32\n" in said
    assert "It takes a whole number from 4 to 256. By size: tiny=16 fast=32 strong=64." in said
    assert (
        "epochs=100\n    How many times the training goes through all training pictures. It takes a whole number"
        in said
    )
    assert call("settings", "inpaint")[1].startswith("run\n    The trained run that draws. It takes text.\n")
    status, _, stderr = call("settings", "rnn")
    assert (status, "There is no model or command 'rnn'. Did you mean 'cnn'? Choose" in stderr) == (1, True)
