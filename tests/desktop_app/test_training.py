from __future__ import annotations

import errno
import json
import os
import signal
from dataclasses import asdict
from pathlib import Path

import fake_engine
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog

from core.events import Metric
from core.jobs import Job
from core.runs.run import Run
from desktop_app.app import make_window
from desktop_app.translation import say, translator


def _answer(window, qtbot, caption: str) -> None:
    message = window.messages.messages()[-1]
    buttons = message.findChildren(QAbstractButton, "messageAction")
    qtbot.mouseClick(next(made for made in buttons if made.text() == caption), Qt.MouseButton.LeftButton)


def _start(window, qtbot, times: int = 1) -> None:
    setup = window.panels["training"].setup
    for _ in range(times):
        qtbot.mouseClick(setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.store.rows) == times, timeout=10_000)
    view = window.panels["training"].view
    qtbot.waitUntil(lambda: view.state.text().startswith("running"), timeout=10_000)


def _end_all(window, qtbot) -> None:
    for handle in window.engines.active_trainings():
        handle.cancel(grace_s=0)
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=10_000)


def test_deleting_a_training_that_waits_takes_it_out_of_the_queue(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    _start(window, qtbot, times=2)
    running, waiting = window.engines.active_trainings()
    assert panel.view.state.text() == "running, 1 waiting"
    row = next(row for row in window.store.rows if row.job.id == waiting.job.id)
    panel.runs.table.choose(row.run.id)
    assert not panel.runs.resume_button.isEnabled()
    panel.resume(row)  # no second time
    qtbot.mouseClick(panel.runs.delete_button, Qt.MouseButton.LeftButton)
    _answer(window, qtbot, "Delete")
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    assert not row.run.folder.exists()
    assert window.engines.active_trainings() == [running]
    assert panel.view.stop_button.isEnabled()  # the other one goes on
    assert panel.view.state.text() == "running"
    _end_all(window, qtbot)
    assert [run.id for run in workspace.runs()] == [window.store.rows[0].run.id]


def test_a_question_asked_while_it_waited_deletes_no_training_that_has_begun(window, qtbot):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    _start(window, qtbot, times=2)
    _, waiting = window.engines.active_trainings()
    row = next(row for row in window.store.rows if row.job.id == waiting.job.id)
    panel.delete(row)
    waiting.state = "running"  # its turn has come
    _answer(window, qtbot, "Delete")
    assert waiting.job.id not in panel._discarding
    assert row.run.folder.exists()
    assert "Stop it first" in " ".join(message.text.text() for message in window.messages.messages())
    waiting.state = "queued"
    _end_all(window, qtbot)


def test_data_on_a_dead_share_does_not_keep_the_window_from_opening(qtbot, workspace, preferences, monkeypatch):
    def dead(path, *arguments, stat=Path.stat, **options):
        if str(path).startswith("/dead"):
            looked.append(path)
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return stat(path, *arguments, **options)

    looked = []
    monkeypatch.setattr(Path, "stat", dead)
    preferences.set("data", "/dead/share")
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    assert not looked
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    chooser = window.panels["training"].setup.data
    qtbot.waitUntil(lambda: chooser.data == "digits", timeout=10_000)
    assert chooser._start_folder()
    window.close()


def _open(qtbot, workspace, preferences):
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    window.engines.training._main = fake_engine.obedient
    window.panels["training"].offers._timer.setInterval(200)
    window.show()
    return window


def _train() -> Job:
    return Job(task="train", model="cnn", settings={"data": "digits"})


def test_not_now_dismisses_only_the_run_that_was_named(qtbot, workspace, preferences):
    for name in ("one", "two"):
        run, _ = workspace.create_run(_train())
        run.update(status="interrupted", name=name)
    named = []
    for _ in range(2):
        window = _open(qtbot, workspace, preferences)
        qtbot.waitUntil(lambda window=window: bool(window.messages.messages()), timeout=10_000)
        named.append(window.messages.messages()[-1].text.text().split("'")[1])
        _answer(window, qtbot, "Not now")
        window.close()
    assert sorted(named) == ["one", "two"]
    assert len(preferences.get("dismissed", [])) == 2


def test_a_resumed_run_is_dismissed_no_longer(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="interrupted")
    preferences.set("dismissed", [run.id, "other"])
    window = _open(qtbot, workspace, preferences)
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    assert not window.messages.messages()
    window.panels["training"].resume(window.store.rows[0])
    assert preferences.get("dismissed", []) == ["other"]
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=20_000)
    window.close()


def test_a_run_still_written_by_an_older_engine_is_offered_once_it_is_cut_off(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="running")
    with run.locked():
        window = _open(qtbot, workspace, preferences)
        qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
        qtbot.wait(500)
        assert not window.messages.messages()
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    assert "cut off" in window.messages.messages()[0].text.text()
    window.close()


def test_a_run_left_waiting_by_an_earlier_window_is_offered(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    window = _open(qtbot, workspace, preferences)
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    _answer(window, qtbot, "Start")
    panel = window.panels["training"]
    qtbot.waitUntil(lambda: panel.view.progress.phase.text().startswith("Done"), timeout=20_000)
    assert panel._viewed == run.id
    window.close()


def test_the_model_size_of_older_settings_is_not_shown_while_a_training_runs(window, qtbot):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    window.engines.interactive._main = fake_engine.obedient
    panel.looks._describe_timer.setInterval(0)
    _start(window, qtbot)
    panel.setup.size_line.setText("1 parameters")
    panel.setup.form.editor("epochs").setValue(7)
    assert "once the training has ended" in panel.setup.size_line.text()
    _end_all(window, qtbot)
    qtbot.waitUntil(lambda: "parameters" in panel.setup.size_line.text(), timeout=10_000)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_moves_when_the_model_has_been_measured(window, language):
    translator().set_language(language)
    setup = window.panels["training"].setup
    sizes = {"parameters": "1,234,567", "flops": "12.3 M", "size": "14.1 MB"}
    heights = []
    for text, values in (
        ("Measuring the model's size…", {}),
        ("{parameters} parameters · {flops} FLOPs a picture · {size} file", sizes),
    ):
        say(setup.size_line.setText, text, **values)
        QApplication.processEvents()
        heights.append(setup.size_line.height())
    assert heights[0] == heights[1]


def test_the_question_to_discard_goes_when_the_training_has_ended(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.slow_saver
    _start(window, qtbot)
    qtbot.mouseClick(panel.view.discard_button, Qt.MouseButton.LeftButton)
    assert "delete all it has learned" in window.messages.messages()[-1].text.text()
    qtbot.mouseClick(panel.view.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=10_000)
    assert not [message for message in window.messages.messages() if message.about]
    assert len(workspace.runs()) == 1


def test_the_run_that_was_started_is_the_one_that_is_chosen(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.obedient
    old, _ = workspace.create_run(_train())
    old.update(status="stopped")
    window.store.refresh()
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.store.rows) == 2 and not window.engines.active_trainings(), timeout=20_000)
    chosen = panel.runs.table.chosen()
    assert chosen.run.id != old.id
    assert chosen.run.id == panel._viewed
    assert chosen.record.name == "cnn digits 2"
    assert panel.view.title.text() == "cnn digits 2"
    panel.runs.table.choose(old.id)
    panel.resume(panel.runs.table.chosen())
    qtbot.waitUntil(lambda: panel._viewed == old.id and not window.engines.active_trainings(), timeout=20_000)
    assert panel.runs.table.chosen().run.id == old.id


def _measured_run(workspace, epochs: int, **values) -> Run:
    run, _ = workspace.create_run(_train())
    lines = [Metric(9 * (epoch + 1), float(epoch + 1), {"loss": 1 / (1 + epoch)}, "epoch") for epoch in range(epochs)]
    run.metrics_path.write_text("".join(json.dumps(asdict(line)) + "\n" for line in lines) + "{torn", "utf-8")
    run.update(**values)
    return run


def test_a_run_that_is_clicked_shows_its_curves_and_score(window, qtbot, workspace):
    panel = window.panels["training"]
    metrics = {"metrics": {"test_accuracy": 0.75}, "test_samples": 4}
    run = _measured_run(workspace, 3, status="done", result=metrics)
    run.log_path.write_text("Learned it.\n")
    window.store.refresh()
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    table = panel.runs.table
    spot = table.visualRect(table.model().index(0, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    qtbot.waitUntil(lambda: panel.view.score.isVisible(), timeout=10_000)
    assert "3 of 4" in panel.view.score.sentence.text()
    assert panel.view.plot.loss.points("loss") == [(1.0, 1.0), (2.0, 0.5), (3.0, 1 / 3)]
    assert not panel.view.pause_button.isEnabled()
    assert panel.view.log.toPlainText() == "Learned it.\n"

    # Deleted, it is shown no longer, and nothing can be done with it.
    window.store.delete(run)
    qtbot.waitUntil(lambda: not panel.view.score.isVisible(), timeout=10_000)
    assert panel.view.title.text() == "Ready to train"
    assert panel.view.plot.loss.points("loss") == []


def test_a_stopped_run_is_resumed_by_the_button_above_its_curves(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.measuring
    _measured_run(workspace, 3, status="stopped")
    window.store.refresh()
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    panel.look_at(window.store.rows[0])
    qtbot.waitUntil(lambda: panel.view.title.text() == "cnn digits", timeout=10_000)
    qtbot.waitUntil(lambda: panel.view.pause_button.caption() == "Resume", timeout=10_000)
    qtbot.mouseClick(panel.view.pause_button, Qt.MouseButton.LeftButton)

    # It goes on at step 19, in the third epoch: what was measured beyond is not drawn twice.
    points = panel.view.plot.loss.points
    qtbot.waitUntil(lambda: [x for x, _ in points("loss")] == [1.0, 2.0, 19 / 9], timeout=20_000)
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=20_000)


def test_a_run_whose_data_are_gone_is_asked_for_their_place_and_goes_on(window, qtbot, workspace, monkeypatch):
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "/gone/pictures.zip"}))
    run.update(status="stopped")
    window.engines.training._main = fake_engine.homeless
    window.store.refresh()
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    panel, asked, ended = window.panels["training"], [], []
    window.engines.run_ended.connect(lambda handle, status: ended.append((handle.job.settings["data"], status.state)))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: asked.append(words[2:]) or ("/found", ""))
    panel.resume(window.store.rows[0])
    qtbot.waitUntil(lambda: len(ended) == 1 and bool(window.messages.messages()), timeout=10_000)
    said = window.messages.messages()[-1].text.text()
    assert said == "The data of the run 'one' are no longer at '/gone/pictures.zip'."
    _answer(window, qtbot, "Choose where they are…")
    qtbot.waitUntil(lambda: len(ended) == 2, timeout=10_000)
    assert ended == [("/gone/pictures.zip", "failed"), ("/found", "finished")]
    assert asked == [("/gone", "*.zip")]


def test_a_training_on_data_that_are_none_is_refused_before_it_begins(window, qtbot, workspace, tmp_path):
    panel = window.panels["training"]
    panel.take_paths([tmp_path / "gone"])
    qtbot.waitUntil(lambda: panel.looks.problem is not None, timeout=20_000)
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    assert "gone" in window.messages.messages()[-1].text.text()
    assert not window.engines.active_trainings()
    assert not workspace.runs()

    (tmp_path / "gone" / "a").mkdir(parents=True)  # mended, it can be tried again
    for label in ("a", "b"):
        (tmp_path / "gone" / label).mkdir(exist_ok=True)
        for number in range(5):
            Image.new("RGB", (8, 8)).save(tmp_path / "gone" / label / f"{number}.png")
    panel.setup.data.choose("digits")
    assert not window.messages.messages()  # why Start was refused holds no longer
    panel.take_paths([tmp_path / "gone"])
    qtbot.waitUntil(lambda: "10 pictures" in panel.view.about.text(), timeout=20_000)
    assert panel.looks.problem is None


def test_pictures_that_are_learnt_as_something_else_are_not_counted_in_classes(window):
    panel = window.panels["training"]
    panel.looks._show_counts({"samples": 3000, "classes": {}, "counts": {"captions": 6000}, "splits": {"train": 2100}})
    assert panel.setup.data.about.text() == "3,000 pictures."
    assert "3,000 pictures: 2,100 to train on" in panel.view.about.text()


def test_trainings_left_waiting_are_started_in_their_order(qtbot, workspace, preferences):
    for name in ("first", "second"):
        run, _ = workspace.create_run(_train())
        run.update(name=name, created=f"2026-01-01T00:00:0{len(name) - 4}")
    window = _open(qtbot, workspace, preferences)
    window.engines.training._main = fake_engine.deaf
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    assert "2 trainings were still waiting" in window.messages.messages()[0].text.text()
    _answer(window, qtbot, "Start")
    assert [Path(handle.job.run).name for handle in window.engines.active_trainings()] == [
        row.run.id for row in sorted(window.store.rows, key=lambda row: row.record.created)
    ]
    _end_all(window, qtbot)
    window.close()


def test_a_pause_that_lasts_is_answered_at_once(window, qtbot):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    assert not panel.view.pause_button.isEnabled()  # there is nothing yet that could wait
    qtbot.waitUntil(lambda: panel.view.state.text() == "running", timeout=10_000)
    qtbot.mouseClick(panel.view.pause_button, Qt.MouseButton.LeftButton)
    assert panel.view.state.text() == "pausing"
    window.activateWindow()
    panel.view.pause_button.setFocus()
    qtbot.keyClick(panel.view.pause_button, Qt.Key.Key_Space)  # impatient: nothing else is pressed
    assert panel.view.state.text() == "pausing"
    assert panel.view.pause_button.hasFocus()
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    assert panel.view.state.text() == "pausing, 1 waiting"
    _end_all(window, qtbot)


def test_an_offer_of_a_run_that_is_deleted_goes(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="interrupted")
    window = _open(qtbot, workspace, preferences)
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    offers = window.panels["training"].offers
    ((row,),) = offers._open
    window.store.delete(run)
    qtbot.waitUntil(lambda: not window.messages.messages(), timeout=10_000)
    assert not offers._still([row])  # what its button would start
    assert not run.folder.exists()
    window.close()


def test_trainings_left_waiting_stay_offered_when_one_is_started_by_hand(qtbot, workspace, preferences):
    runs = [workspace.create_run(_train())[0] for _ in range(3)]
    window = _open(qtbot, workspace, preferences)
    window.engines.training._main = fake_engine.deaf
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    panel = window.panels["training"]
    qtbot.waitUntil(lambda: len(window.store.rows) == 3, timeout=10_000)
    panel.resume(window.store.row(runs[0].id))
    qtbot.waitUntil(lambda: panel.view.state.text() == "running", timeout=10_000)
    _answer(window, qtbot, "Start")
    assert len(window.engines.active_trainings()) == 3
    _end_all(window, qtbot)
    window.close()


def test_an_engine_that_dies_looking_at_the_data_forbids_no_training(window, qtbot):
    panel = window.panels["training"]
    qtbot.waitUntil(lambda: panel.looks._preview is None, timeout=20_000)
    window.engines.training._main = fake_engine.obedient
    panel.looks.look_again()
    qtbot.waitUntil(lambda: panel.looks._preview is not None, timeout=10_000)
    os.kill(window.engines.data.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: panel.looks._preview is None, timeout=10_000)
    if "unexpectedly" not in panel.view.about.text():
        pytest.skip("the look was over before the kill")
    assert panel.looks.problem is None
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.view.progress.phase.text().startswith("Done"), timeout=20_000)


def test_odd_numbers_in_a_run_do_not_reach_the_view(window, qtbot, workspace):
    bad = _measured_run(workspace, 1, status="done", result={"metrics": {"test_accuracy": 0.5}, "counts": [1]})
    good = _measured_run(workspace, 1, status="done")
    window.store.refresh()
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    assert [row.run.id for row in window.store.rows] == [good.id]
    assert bad.id in window.messages.messages()[-1].text.text()


def test_of_a_long_run_no_more_is_drawn_than_can_be_seen(window, qtbot, workspace):
    run, _ = workspace.create_run(_train())
    lines = [Metric(step, step / 1000, {"loss": 1.0}, "batch") for step in range(30_000)]
    lines += [Metric(1000 * epoch, float(epoch), {"val_loss": 1.0}, "epoch") for epoch in range(30)]
    run.metrics_path.write_text("".join(json.dumps(asdict(line)) + "\n" for line in lines), "utf-8")
    read = []
    window.store.read_metrics(run, read.extend)
    qtbot.waitUntil(lambda: bool(read), timeout=20_000)
    assert sum(metric.per == "epoch" for metric in read) == 30
    assert 1000 < len(read) < 2100


def test_a_failed_run_that_is_clicked_says_why(window, qtbot, workspace):
    panel = window.panels["training"]
    _measured_run(workspace, 1, status="failed", message="The disk is full.")
    window.store.refresh()
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    panel.look_at(window.store.rows[0])
    qtbot.waitUntil(lambda: panel.view.progress.phase.text() == "The disk is full.", timeout=10_000)
    assert panel.view.state.text() == "failed"


def test_the_settings_of_the_last_time_are_there_again(qtbot, workspace, preferences):
    for epochs, shown in ((7, 7), ("odd", 12)):
        window = _open(qtbot, workspace, preferences)
        window.panels["training"].setup.form.editor("epochs").setValue(7)
        window.close()
        preferences.set("settings", {**preferences.get("settings", {}), "epochs": epochs, "unknown": 1})
        window = _open(qtbot, workspace, preferences)
        assert window.panels["training"].setup.form.editor("epochs").value() == shown or epochs == "odd"
        assert window.panels["training"].setup.problem() == ""
        window.close()


def test_unreadable_pictures_are_told_before_the_training(window, qtbot, tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(3):
            (tmp_path / label / f"{number}.png").write_bytes(b"no picture")
    panel = window.panels["training"]
    panel.take_paths([tmp_path])
    qtbot.waitUntil(lambda: "6 of 6 pictures" in panel.setup.data.about.text(), timeout=20_000)
    assert panel.setup.data.about.property("role") == "error"


def _make_classes(folder: Path, *classes: str) -> None:
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for other in range(5):
            Image.new("RGB", (8, 8), (number * 50, other * 20, 0)).save(folder / name / f"{other}.png")


def test_class_folders_dropped_together_are_classes_of_one_data_set(window, qtbot, tmp_path):
    _make_classes(tmp_path / "pets", "cats", "dogs")
    panel = window.panels["training"]
    panel.take_paths([tmp_path / "pets" / "cats", tmp_path / "pets" / "dogs"])
    qtbot.waitUntil(lambda: panel.setup.data.data == str(tmp_path / "pets"), timeout=20_000)
    assert window.messages.messages()[-1].text.text() == (
        "The folder 'pets' is taken, which holds the 2 that were dropped."
    )
    qtbot.waitUntil(lambda: "10 pictures in 2 classes" in panel.view.about.text(), timeout=20_000)


def test_folders_dropped_together_with_others_beside_them_are_told_as_left_out(window, qtbot, tmp_path):
    _make_classes(tmp_path / "pets", "cats", "dogs", "birds")
    panel = window.panels["training"]
    panel.take_paths([tmp_path / "pets" / "cats", tmp_path / "pets" / "dogs"])
    qtbot.waitUntil(lambda: panel.setup.data.data == str(tmp_path / "pets" / "cats"), timeout=20_000)
    assert "Of the 2 that were dropped only 'cats' is taken" in window.messages.messages()[-1].text.text()


def test_what_was_guessed_of_the_data_is_told_before_the_training(window, qtbot, tmp_path):
    _make_classes(tmp_path / "seg_train", "cats", "dogs", "Dogs")
    _make_classes(tmp_path / "seg_test", "cats", "dogs")
    panel = window.panels["training"]
    remarks = panel.view.tabs.remarks
    panel.take_paths([tmp_path])
    qtbot.waitUntil(lambda: "'seg_train' = train" in remarks.text(), timeout=20_000)
    assert "'Dogs', 'dogs'" in remarks.text()
    assert remarks.isVisibleTo(panel.view.tabs.widget(0))
    translator().set_language("zh_CN")
    assert "被当作数据划分" in remarks.text()
    translator().set_language("en")
    panel.setup.data.choose("digits")
    qtbot.waitUntil(lambda: remarks.isHidden(), timeout=20_000)
