import json
import re

import pytest
from PIL import Image

from core import catalog
from core.settings.dataset import DatasetSettings
from core.settings.text_data import TextSettings

EMBEDDED = [name for name, row in catalog.DATASETS.items() if not row.recognise]


@pytest.mark.parametrize("name", EMBEDDED)
def test_check_names_every_embedded_set_and_train_those_it_takes(call, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "300")
    words = {command: set(re.findall(r"[\w-]+", call(command, "--help")[1])) for command in ("check", "train")}
    assert name in words["check"]
    assert (name in words["train"]) == ("pictures" in catalog.DATASETS[name].samples)


@pytest.mark.parametrize("setting", [DatasetSettings.model_fields["data"], TextSettings.model_fields["data"]])
def test_the_setting_names_every_embedded_set_that_can_be_trained_on(setting):
    samples = "texts" if setting is TextSettings.model_fields["data"] else "pictures"
    words = set(re.findall(r"[\w-]+", setting.description))
    assert words & set(EMBEDDED) == {name for name in EMBEDDED if samples in catalog.DATASETS[name].samples}


def test_check_tells_the_splits_and_counts_in_words(call, tmp_path, make_pictures):
    folder = make_pictures(tmp_path / "data", *(f"{name}/{number}.png" for name in "ab" for number in range(10)))
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    (folder / "a" / "bad.png").write_bytes(b"")
    (folder / "a" / "notes.txt").write_text("")
    status, stdout, _ = call("check", folder)
    assert status == 0
    assert "20 readable pictures, 1 unreadable file, 0 groups of duplicates." in stdout
    assert "Splits: 14 train, 2 validation, 4 test." in stdout
    assert "1 picture cannot be read" in stdout
    assert "1 file is no part of the data set, such as '" in stdout


def test_check_looks_at_texts_too(call, tmp_path):
    tale = "".join(f"Line {number} of a tale.\n" for number in range(300))
    (tmp_path / "tale.txt").write_text(tale)
    status, stdout, _ = call("check", tmp_path / "tale.txt")
    assert status == 0
    counts = f"1 readable text, {len(tale):,} characters, 0 unreadable files, 0 groups of duplicates."
    assert stdout.startswith(f"{counts}\nSplits: ")
    assert "300 readable texts" in call("check", tmp_path / "tale.txt", "--set", "documents=line")[1]
    status, stdout, _ = call("check", "shapes", "--model", "gpt2", "--set", "count=50", "--json")
    report = json.loads(stdout)
    assert (status, report["documents"], report["classes"], report["unreadable"]) == (0, "line", {}, [])
    assert report["samples"] == sum(report["splits"].values()) > 50


def test_check_tells_what_training_would_refuse_and_how_many_groups_there_are(call, tmp_path, make_pictures):
    status, stdout, _ = call("check", make_pictures(tmp_path / "one", "cats/1.png", "cats/2.png"))
    assert (status, "Training would refuse this data" in stdout) == (0, True)
    folder = make_pictures(tmp_path / "two", "cats/tom/1.png", "cats/tim/1.png", "dogs/rex/1.png")
    assert "3 groups of pictures" in call("check", folder, "--set", "group_by=folder")[1]
