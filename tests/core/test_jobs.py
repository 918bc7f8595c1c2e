import json

import pytest

from core import jobs
from core.errors import UserError
from core.jobs import Job


def test_a_job_file_is_read_back_equal(tmp_path):
    job = Job(task="train", model="cnn", settings={"data": "digits"}, seed=3, name="猫")
    job.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == [job]


def test_a_list_of_jobs_is_read_in_order(tmp_path):
    jobs = [Job(task="train", model="cnn", seed=seed) for seed in (1, 2)]
    (tmp_path / "jobs.json").write_text(json.dumps([job.model_dump(mode="json") for job in jobs]))
    assert Job.load(tmp_path / "jobs.json") == jobs


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"task": "train", "format": 99}', "newer version"),
        ('{"settings": {}}', "task: it is missing"),
        ('{"task": "train", "seed": -1}', "seed: it takes a whole number at least 0 and below 2147483648, not -1"),
        ('{"task": "train", "backend": "x"}', 'backend: it takes one of: tensorflow, jax, torch, not "x"'),
        ('{"task": "train", "settings": 3}', "settings: it takes a JSON object, not 3"),
        ('{"task": "train", "epochs": 3}', "epochs: there is no such field; there are format, id, task"),
        ('{"task": "train", "device": "tpu"}', "device: there is no device 'tpu'"),
        ("[3]", "not a valid job: job: it takes a JSON object, not 3"),
        ("{", "damaged"),
    ],
)
def test_a_bad_job_file_is_refused_in_a_sentence_that_names_it(tmp_path, content, said):
    path = tmp_path / "job.json"
    path.write_text(content)
    with pytest.raises(UserError, match=said) as error:
        Job.load(path)
    assert "job.json" in str(error.value)


def test_an_unknown_task_or_model_lists_those_there_are():
    with pytest.raises(UserError, match="classify"):
        Job(task="bake").row  # noqa: B018
    with pytest.raises(UserError, match="cnn"):
        Job(task="train", model="rnn").typed_settings()


@pytest.mark.parametrize(("model", "layout"), [("cnn", "earlier"), ("dcgan", "earlier"), ("gpt2", None)])
def test_a_job_of_format_1_reads_its_folders_as_it_did(model, layout):
    written = Job(task="train", model=model, settings={"data": "somewhere"}).complete().settings
    written.pop("layout", None)
    values = {"format": 1, "task": "train", "model": model, "settings": written}
    assert Job.parse(values).settings.get("layout") == layout
    assert Job.parse(values).complete().settings.get("layout") == layout
    assert Job.parse({**values, "settings": {"data": "somewhere"}}).settings == {"data": "somewhere"}
    assert "layout" not in Job.parse({**values, "format": jobs.FORMAT}).settings


def test_a_job_that_was_written_out_before_there_was_a_range_reads_as_it_did():
    old = {"format": 1, "task": "train", "model": "cnn", "settings": {"data": "digits", "fit": "crop"}}
    assert Job.parse(old).settings["intensity"] == "picture"
    assert Job.parse(old).typed_settings().intensity == "picture"


@pytest.mark.parametrize("settings", [{"data": "digits"}, {"data": "digits", "fit": "crop", "intensity": "full"}])
def test_other_jobs_take_what_they_say_or_what_is_usual(settings):
    old = {"format": 1, "task": "train", "model": "cnn", "settings": settings}
    assert Job.parse(old).typed_settings().intensity == settings.get("intensity", "auto")
    new = {"task": "train", "model": "cnn", "settings": {"data": "digits", "fit": "crop"}}
    assert Job.parse(new).typed_settings().intensity == "auto"
    assert Job.parse({"format": 1, "task": "train", "model": "gpt2"}).settings == {}
