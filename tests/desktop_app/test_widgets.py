from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from core import catalog
from core.events import Log, Status
from core.jobs import Job
from desktop_app.panels.training_view import TrainingView
from desktop_app.scores import READERS, AccuracyScore
from desktop_app.store import RunRow
from desktop_app.translation import translator
from desktop_app.widgets.image_grid import ImageGrid
from desktop_app.widgets.prediction_table import PredictionModel
from desktop_app.widgets.run_table import RunModel
from desktop_app.widgets.score_line import ScoreLine

MARKUP = "<img src='/etc/x.png'><b>bold</b>"
ESCAPED = "<span>&lt;img src=&#x27;/etc/x.png&#x27;&gt;&lt;b&gt;bold&lt;/b&gt;</span>"


def test_markup_in_file_names_and_messages_is_shown_as_it_is(qtbot, workspace):
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    runs, predictions, grid = RunModel(), PredictionModel(), ImageGrid()
    qtbot.addWidget(grid)
    runs.show_rows([RunRow(run, run.update(message=MARKUP))])
    predictions.add([{"path": MARKUP, "label": "cat", "probability": 1.0}])
    grid.show_pictures([np.zeros((2, 2, 3), np.uint8)], ["cat"], [MARKUP])
    for model in (runs, predictions):
        assert model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == ESCAPED
    assert grid.item(0).toolTip() == ESCAPED


def test_an_ordinary_tip_stays_as_it_is(qtbot):
    predictions = PredictionModel()
    predictions.add([{"path": "/cats & dogs/1.png", "label": "cat", "probability": 1.0}])
    assert predictions.data(predictions.index(0, 0), Qt.ItemDataRole.ToolTipRole) == "/cats & dogs/1.png"


def test_a_training_without_a_name_is_called_by_its_model_and_data(qtbot):
    view = TrainingView()
    qtbot.addWidget(view)
    view.begin(Job(task="train", model="gpt2", settings={"data": "shapes"}))
    assert view.title.text() == "GPT-2 · shapes"
    view.begin(Job(task="train", model="vit", settings={"data": "shapes"}))
    assert view.title.text() == "Vision Transformer · shapes"


def test_the_score_says_how_many_test_pictures_were_copies(qtbot):
    view = TrainingView()
    qtbot.addWidget(view)
    result = {"metrics": {"test_accuracy": 0.5}, "test_samples": 40}
    view.show_ending(Status("finished", result=result | {"leaks": 3}))
    assert "Exact copies of 3 of them" in view.score.sentence.text()
    assert "None of them" not in view.score.sentence.text()
    view.show_ending(Status("finished", result=result))
    assert "None of them was seen in training" in view.score.sentence.text()


def test_the_score_says_so_also_where_the_number_of_pictures_is_unknown(qtbot):
    card = ScoreLine(lambda: None)
    qtbot.addWidget(card)
    card.show_score(AccuracyScore(0.5, leaks=3))
    assert card.sentence.text().startswith("of the test pictures right. Exact copies of 3")


def test_the_score_says_how_sure_it_is_and_what_it_does_not_tell(qtbot):
    view = TrainingView()
    qtbot.addWidget(view)
    caveats = [{"message": "Nothing is known of {classes}.", "values": {"classes": "cats"}}]
    result = {"metrics": {"test_accuracy": 0.52}, "counts": {"test": 100}, "caveats": caveats}
    view.show_ending(Status("finished", result=result))
    sentence = "52 of 100 test pictures right (95 % interval: 42.3% to 61.5%). None of them was seen in training."
    assert view.score.sentence.text() == f"{sentence} Nothing is known of cats."
    assert view.score.number.property("role") == "score in doubt"
    view.show_ending(Status("finished", result={**result, "caveats": [7]}))  # a run may come from anywhere
    assert view.score.sentence.text() == sentence


def test_the_log_names_feature_extractors_in_the_language_that_is_shown(qtbot):
    view = TrainingView()
    qtbot.addWidget(view)
    values = {"judge": "CNN of this data, 99.4 % right"}
    view.add_log([Log("Feature extractor for FID, KID and Inception Score: {judge}.", "warning", values)])
    assert view.log.toPlainText().endswith("Inception Score: CNN of this data, 99.4 % right.")
    translator().set_language("zh_CN")
    told = "计算 FID、KID 和 Inception Score 的特征提取器：用这些数据训练的 CNN，正确率 99.4 %。"
    assert view.log.toPlainText().endswith(told)
    assert view.warning.text() == told


def test_the_score_of_every_kind_is_told():
    assert {name for kind in catalog.KINDS.values() for name in kind.scores} == set(READERS)
