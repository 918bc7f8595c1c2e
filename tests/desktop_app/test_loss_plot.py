from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from core.events import Metric
from desktop_app.widgets.loss_plot import LossPlot


@pytest.fixture
def plot(qtbot):
    """A shown plot of a classifier's training."""
    made = LossPlot()
    qtbot.addWidget(made)
    made.resize(800, 260)
    made.ensure_curves()
    with qtbot.waitExposed(made):
        made.show()
    return made


def _train(plot, qtbot, **values) -> None:
    plot.add([Metric(epoch, float(epoch), values, "epoch") for epoch in range(1, 11)])
    qtbot.waitUntil(lambda: not plot._stale)


@pytest.mark.parametrize("height_px", [260, 190])
@pytest.mark.parametrize("name", ["loss", "quality"])
def test_the_legend_covers_no_points(plot, qtbot, name, height_px):
    plot.resize(800, height_px)
    _train(plot, qtbot, loss=2.3, val_loss=2.4, accuracy=0.1, val_accuracy=0.12)
    drawn = getattr(plot, name)
    box = drawn._plot.getPlotItem().getViewBox()
    assert drawn._legend.isVisible()
    legend = drawn._legend.mapRectToScene(QRectF(0, 0, drawn._legend.width(), drawn._legend.height()))
    points = [QPointF(*point) for line in drawn._plan.lines for point in drawn.points(line.key)]
    assert not [point for point in points if legend.contains(box.mapViewToScene(point))]
    assert all(box.viewRect().contains(point) for point in points)


def test_the_axis_counts_epochs_from_the_first_batches_on(plot, qtbot):
    plot.add([Metric(step, step / 10_000, {"loss": 2.0}, "batch") for step in range(1, 4)])
    qtbot.waitUntil(lambda: not plot._stale)
    axis = plot.loss._plot.getAxis("bottom")
    assert "(x" not in axis.labelString()
