"""Evaluation of a GAN's run, from the command's settings to figures and report, on the embedded digits."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from class_target import class_target
from in_process import BACKEND, do
from PIL import Image

from core.context import Context
from core.data.decode import decode
from core.data.load import load
from core.errors import UserError
from core.evaluation import evaluate_gan, own_extractor
from core.events import Images, Log, Progress
from core.inference.trained import trained_model
from core.jobs import Job
from core.media.picture_files import read_recipe
from core.models.shared.saved import ModelDescription, save_model
from core.runs.recipe import job_of
from core.runs.run import Run, Workspace
from core.settings import dcgan
from core.settings.dataset import DatasetSettings

SETTINGS = {"size": "tiny", "filters": 8, "epochs": 2, "measure_epochs": 1, "snapshots": 0}


@pytest.fixture(autouse=True, scope="module")
def _quick():
    """Extractors that have seen a part of what they usually see are good enough to be handed around."""
    quick = {"MOST_TRAINED": 400, "PIXELS": 800 * 32 * 32, "FEWEST_SAMPLES": 800}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quick.items():
            patch.setattr(own_extractor, name, value)
        yield


def train(folder, judge=None, **settings):
    """Trains a GAN in a workspace of its own; what measures it is taken from another run's folder `judge`, if given."""
    workspace = Workspace(folder)
    job = Job(task="train", model="dcgan", settings={**SETTINGS, **settings}, backend=BACKEND, seed=3)
    run, _ = workspace.create_run(job)
    if judge:
        shutil.copytree(judge, run.folder / "judge")
    ending, events = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, {**ending.result, "events": events}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, _quick):
    return train(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def evaluated(trained):
    workspace, run, _ = trained
    ending, events = do(workspace, "evaluate", {"run": run.id}, seed=99)  # the evaluation's seed decides nothing
    assert ending.state == "finished", ending.trace
    return ending.result, events


def test_the_figures_are_those_of_the_trainings_end(trained, evaluated):
    _, run, result = trained
    scored, _ = evaluated
    assert scored["run"] == run.id
    assert scored["judge"] == result["judge"]
    assert scored["judge"].startswith("CNN of this data, ")
    assert set(scored["metrics"]) >= {"fid", "kid", "is", "floor", "kid_floor", "count", "agreement"}
    assert scored["metrics"]["count"] == 179  # half of the 359 test pictures
    for name, value in result["metrics"].items():
        assert scored["metrics"][name] == pytest.approx(value, rel=1e-3, abs=1e-6), name
    assert json.loads(json.dumps(scored)) == scored
    assert scored["collapse"] == result["collapse"]
    assert {**result["memorisation"], "nearest": scored["memorisation"]["nearest"]} == scored["memorisation"]


def test_a_training_tells_of_collapse_while_it_lasts(trained):
    """Two epochs of a tiny GAN draw blurs: the first measurement says so, the next need not say it again."""
    _, _, result = trained
    said = [event.message for event in result["events"] if isinstance(event, Log) and event.level == "warning"]
    assert any("kinds" in message or "alike" in message for message in said)
    assert result["collapse"]["alarm"]
    sentence = result["collapse"]["says"]
    assert sentence["message"].format(**sentence["values"]) == result["collapse"]["verdict"]


def test_any_gans_settings_will_do(tmp_path, monkeypatch):
    class OtherTraining(dcgan.DcganSettings, dcgan.GanTraining):
        """Of another GAN than the DCGAN."""

    def stop(*_):
        raise UserError("It got as far as the data.")

    monkeypatch.setattr(dcgan, "DcganTraining", OtherTraining)
    monkeypatch.setattr(evaluate_gan, "load", stop)
    workspace = Workspace(tmp_path)
    run, job = workspace.create_run(Job(task="train", model="dcgan", settings=SETTINGS, backend=BACKEND))
    description = ModelDescription("dcgan", dict(job.settings), class_target("ab"), (32, 32, 1))
    save_model(run.model_folder, description.build(), description)
    run.update(status="done")
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.message == "It got as far as the data.", ending.trace


def test_two_epochs_are_told_from_real_pictures(evaluated):
    scored, events = evaluated
    assert scored["metrics"]["fid"] > 5 * scored["metrics"]["floor"] > 0
    assert scored["collapse"]["alarm"]
    warnings = [event.message for event in events if isinstance(event, Log) and event.level == "warning"]
    assert len(warnings) == 1
    assert not scored["memorisation"]["alarm"]
    assert scored["memorisation"]["held_out"] == 300
    assert [row["number"] for row in scored["memorisation"]["nearest"]] == list(range(200))
    assert any(isinstance(event, Progress) and event.phase == "compare" and event.total == 1258 for event in events)
    (shown,) = [event for event in events if isinstance(event, Images) and event.title == "nearest"]
    assert shown.pictures[0].shape == (32, 64, 1)
    ratios = [detail["ratio"] for detail in shown.details]
    assert ratios == sorted(ratios)


def test_the_report_holds_everything_it_shows(trained, evaluated):
    _, run, _ = trained
    scored, _ = evaluated
    page = Path(scored["report"]).read_text(encoding="utf-8")
    assert scored["report"] == str(run.folder / "report.html")
    assert 'src="http' not in page
    assert "Nearest training pictures" in page
    assert scored["collapse"]["verdict"] in page
    assert scored["judge"] in page
    assert "179" in page
    assert "<svg" in page
    assert "epoch 1<" in page
    assert "epoch 2<" in page
    assert page.count("data:image/png") == 1 + 2 + 2 * 24
    assert "<b>copy</b>" not in page
    assert scored["memorisation"]["copies"] == 0


def test_other_data_takes_the_held_out_pictures_place(trained, evaluated, tmp_path):
    from sklearn.datasets import load_digits

    workspace, run, _ = trained
    digits = load_digits()
    for place in range(60):
        folder = tmp_path / "digits" / str(digits.target[place])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((digits.images[place] / 16 * 255).astype(np.uint8)).save(folder / f"{place}.png")
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "digits")})
    assert ending.state == "finished", ending.trace
    assert ending.result["metrics"]["count"] == 30
    assert ending.result["metrics"]["agreement"] == evaluated[0]["metrics"]["agreement"]
    assert Path(ending.result["report"]).name == "report-digits.html"


def digits_in_folders(folder, places):
    """Writes embedded digits as files with the very pixels that they have there."""
    source = load(DatasetSettings(), 0, Context(Job(task="check", backend=BACKEND), Workspace(folder / "scratch")))
    labels = source.targets.labels
    for place in places:
        inside = folder / "data" / source.targets.classes[labels[place]]
        inside.mkdir(parents=True, exist_ok=True)
        Image.fromarray(source.images[place, ..., 0]).save(inside / f"{place:04}.png")
    return folder / "data", source


def test_other_data_are_measured_by_without_what_was_trained_on(trained, tmp_path):
    workspace, run, _ = trained
    own = load(DatasetSettings(), 3, Context(run.record().job, workspace)).splits
    chosen = [*own["train"][:70], *own["validation"][:10], *own["test"][:40]]
    data, _ = digits_in_folders(tmp_path, chosen)
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(data)})
    assert ending.state == "finished", ending.trace
    assert ending.result["seen"] == {"train": 70, "validation": 10, "unseen": 40}
    assert ending.result["real_count"] == 40
    assert ending.result["caveats"][0]["values"] == {"known": 80, "count": 120, "train": 70, "validation": 10}
    assert "80 of 120 pictures are known" in Path(ending.result["report"]).read_text(encoding="utf-8")


def test_a_damaged_history_costs_no_report(trained):
    workspace, run, _ = trained
    content = run.history_path.read_bytes()
    header, first, _ = content.splitlines(keepends=True)
    run.history_path.write_bytes(header + first + b"1,abc," + b"\xff\x00,\n")
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    run.history_path.write_bytes(content)
    assert ending.state == "finished", ending.trace
    assert "<svg" in Path(ending.result["report"]).read_text(encoding="utf-8")


def test_a_strip_that_is_damaged_costs_no_report(trained):
    workspace, run, _ = trained
    sheet = run.samples / "000002.png"
    content = sheet.read_bytes()
    sheet.write_bytes(content[:100])
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    sheet.write_bytes(content)
    assert ending.state == "finished", ending.trace
    page = Path(ending.result["report"]).read_text(encoding="utf-8")
    assert "epoch 1<" in page
    assert "epoch 2<" not in page


def test_a_run_that_was_cut_off_is_evaluated_as_its_last_checkpoint_has_it(trained, evaluated):
    workspace, run, _ = trained
    cut = Run(run.folder.with_name(f"{run.id}-cut"))
    shutil.copytree(run.folder, cut.folder)
    shutil.rmtree(cut.model_folder)
    cut.update(status="interrupted")
    ending, events = do(workspace, "evaluate", {"run": cut.id})
    shutil.rmtree(cut.folder)
    assert ending.state == "finished", ending.trace
    assert any("checkpoint's weights are used" in event.message for event in events if isinstance(event, Log))
    assert ending.result["epochs"] == SETTINGS["epochs"]
    assert ending.result["metrics"]["count"] == evaluated[0]["metrics"]["count"]


def test_stop_ends_an_evaluation(trained):
    workspace, run, _ = trained

    def stop(event, context):
        if isinstance(event, Progress) and event.phase == "compare":
            context.cancel()

    ending, _ = do(workspace, "evaluate", {"run": run.id}, act=stop)
    assert ending.state == "cancelled"


def test_without_drawing_by_class_there_is_no_agreement(trained, tmp_path):
    workspace, run, _ = train(tmp_path, trained[1].folder / "judge", epochs=1, conditional=False)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    assert "agreement" not in ending.result["metrics"]
    assert not (run.folder / "judge-independent").exists()
    assert ending.result["metrics"]["fid"] > ending.result["metrics"]["floor"]
    page = Path(ending.result["report"]).read_text(encoding="utf-8")
    assert "class agreement" not in page
    assert "after 1 epoch, measured on" in page


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_good_generator_raises_no_alarm_and_one_made_to_collapse_does(tmp_path):
    workspace, run, _ = train(tmp_path, size="fast", filters=32, epochs=100, measure_epochs=0)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    good = ending.result
    assert good["metrics"]["agreement"] > 0.9
    assert not good["collapse"]["alarm"], good["collapse"]
    assert not good["memorisation"]["alarm"], good["memorisation"]
    context = Context(Job(task="evaluate", settings={"run": run.id}, backend=BACKEND), workspace)
    gan, description = trained_model(run, context)
    kernel = gan.generator.get_layer("first").kernel
    values = np.array(keras.ops.convert_to_numpy(kernel.value))
    values[: gan.latent] = 0  # what is left is the class: one picture of each
    kernel.assign(values)
    save_model(run.model_folder, gan, description)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.result["collapse"]["alarm"]
    assert ending.result["collapse"]["within"] < 0.1
    assert ending.result["metrics"]["agreement"] > 0.7  # a wrong kind of good


def test_a_sheet_of_the_training_brings_its_settings_back(trained):
    """Where its age was kept, what it carries draws the very same sheet again."""
    workspace, run, _ = trained
    sheet = sorted(run.samples.glob("*.png"))[-1]
    recipe = read_recipe(sheet)
    assert (recipe.job.task, recipe.run, recipe.epoch) == ("generate", run.id, int(sheet.stem))
    job = job_of(recipe, workspace)
    _, description = trained_model(run, Context(run.record().job, workspace))
    for path in run.samples.glob("*.png"):
        if int(path.stem) == description.epochs:
            out = workspace.folder / "again.png"
            ending, _ = do(workspace, "generate", {**job.settings, "epoch": 0, "out": str(out)}, seed=job.seed)
            assert ending.state == "finished", ending.trace
            np.testing.assert_allclose(decode(out).astype(int), decode(path).astype(int), atol=1)


def test_the_extractor_is_shown_no_more_pictures_than_the_setting_bounds(trained, monkeypatch):
    from core.evaluation import gan_callback

    workspace, run, _ = trained
    context = Context(run.record().job, workspace)
    places = np.arange(100, 400)
    assert np.array_equal(gan_callback.subsample(places, 150, 0, context), places)
    events = []
    context = Context(run.record().job, workspace, listener=events.append)
    some = gan_callback.subsample(places, 50, 0, context)
    assert len(set(some) & set(places)) == 100
    assert np.array_equal(some, gan_callback.subsample(places, 50, 0, context))
    assert not np.array_equal(some, gan_callback.subsample(places, 50, 1, context))
    assert events[0].values == {"count": 100, "total": 300}
