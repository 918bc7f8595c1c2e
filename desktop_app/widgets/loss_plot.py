"""Loss and accuracy while a model trains: training solid, validation dashed, in one colour, over epochs.

pyqtgraph takes 0.4 s to import, so a worker thread does that by `import_curves` once the window has been painted;
`ensure_curves` then shows the axes. Points that come before are kept.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from core.events import Metric
from desktop_app.theme import colour, theme
from desktop_app.translation import mark, tr, translator
from desktop_app.widgets.elements import column, label, row

REDRAW_MS = 100  # one of the two plots is drawn this often: each costs the window about 8 ms
ROOM_FOR_TITLE_PX = 72
ROOM_FOR_LEGEND_PX = 170
MOST_POINTS = 1000  # a curve with more is thinned: it would show nothing more and cost time


def import_curves() -> None:
    """Imports pyqtgraph; meant for a worker thread."""
    importlib.import_module("pyqtgraph")


class Curve:
    """The points of one curve, thinned evenly when they become many."""

    def __init__(self) -> None:
        self.x: list[float] = []
        self.y: list[float] = []
        self._every = 1
        self._skipped = 0

    def add(self, x: float, y: float) -> None:
        """Appends a point; a value that is no number is left out."""
        if not math.isfinite(y):
            return
        self._skipped += 1
        if self._skipped < self._every:
            return
        self._skipped = 0
        self.x.append(x)
        self.y.append(y)
        if len(self.x) > MOST_POINTS:
            del self.x[1::2], self.y[1::2]
            self._every *= 2

    def put_before(self, earlier: Curve) -> None:
        """Puts another curve's points before its own."""
        points = zip(earlier.x + self.x, earlier.y + self.y, strict=True)
        self.x, self.y, self._every, self._skipped = [], [], 1, 0
        for x, y in points:
            self.add(x, y)

    def at(self, x: float) -> float | None:
        """Returns the value at the nearest point, or None where there is none."""
        if not self.x:
            return None
        nearest = min(range(len(self.x)), key=lambda index: abs(self.x[index] - x))
        return self.y[nearest]


class TwinPlot(QWidget):
    """One quantity and its validation twin.

    Args:
        key: str, its name in a `Metric`: "loss" or "accuracy".
        title: str, English.
        shade: str, the theme's colour of both curves.
    """

    def __init__(self, key: str, title: str, shade: str) -> None:
        super().__init__()
        self.setObjectName(f"plot_{key}")
        self._key = key
        self._shade = shade
        self._plot: Any = None
        self._items: dict[str, Any] = {}
        self._cursor: Any = None
        self._curves: dict[str, Curve] = {}
        self._newest: dict[str, float] = {}
        self._restart()
        self._readout = label(role="muted", name=f"readout_{key}")
        self.setLayout(column(row(label(title, role="heading"), 1, self._readout), spacing=4))
        theme().changed.connect(self._recolour)
        translator().changed.connect(self._rename)

    def clear(self) -> None:
        """Forgets all points, and the range the axes showed."""
        self._restart()
        self.draw()
        if self._plot is not None:
            self._plot.setRange(xRange=(0, 1), yRange=(0, 1))
            self._plot.enableAutoRange()

    def show_earlier(self, metrics: Iterable[Metric]) -> None:
        """Puts the points of events that came before before those there are, without drawing them."""
        newest, own = self._newest, self._curves
        self._restart()
        for metric in metrics:
            self.add(metric)
        for name, curve in self._curves.items():
            own[name].put_before(curve)
        self._curves, self._newest = own, newest or self._newest

    def add(self, metric: Metric) -> None:
        """Takes the points of one event, without drawing them.

        Inside an epoch Keras reports a running mean that starts anew each epoch; those points are drawn until the
        epoch's own take their place.
        """
        for name, curve in self._curves.items():
            if name in metric.values and (metric.per == "epoch" or name == self._key):
                curve.add(metric.epoch, metric.values[name])
        self._newest |= {name: metric.values[name] for name in self._curves if name in metric.values}

    def draw(self) -> None:
        """Draws what has been added."""
        for name, item in self._items.items():
            curve = self._curves[name]
            item.setData(curve.x, curve.y, symbol="o" if len(curve.x) == 1 else None)
        self._show_readout(self._newest)

    def points(self, name: str) -> list[tuple[float, float]]:
        """Returns a curve's points."""
        curve = self._curves[name]
        return list(zip(curve.x, curve.y, strict=True))

    def ensure_curves(self) -> None:
        """Imports pyqtgraph and shows the axes, if that has not been done yet."""
        if self._plot is not None:
            return
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget(background=None, axisItems={"bottom": _epoch_axis()})
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.showGrid(x=True, y=True, alpha=0.12)
        item.setContentsMargins(0, 0, 8, 0)
        self._legend = item.addLegend(offset=(-8, 8) if self._key == "loss" else (-8, -8))
        self._cursor = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        item.addItem(self._cursor, ignoreBounds=True)
        self._plot.scene().sigMouseMoved.connect(self._follow)
        for name in self._curves:
            self._items[name] = item.plot([], [], name=name)
        layout = self.layout()
        assert layout is not None  # noqa: S101 (for the type checker)
        layout.addWidget(self._plot)
        self._recolour()
        self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leaves out what a small plot has no room for."""
        super().resizeEvent(event)
        self._readout.setVisible(self._readout.sizeHint().width() + ROOM_FOR_TITLE_PX < self.width())
        if self._plot is not None:
            self._legend.setVisible(self.height() > ROOM_FOR_LEGEND_PX)

    def _restart(self) -> None:
        self._curves = {self._key: Curve(), f"val_{self._key}": Curve()}
        self._newest = {}

    @Slot()
    def _recolour(self) -> None:
        if self._plot is None:
            return
        import pyqtgraph

        for name, item in self._items.items():
            style = Qt.PenStyle.DashLine if name.startswith("val_") else Qt.PenStyle.SolidLine
            item.setPen(pyqtgraph.mkPen(colour(self._shade), width=2, style=style))
            item.setSymbolBrush(colour(self._shade))
            item.setSymbolPen(None)
        self._plot.setBackground(colour("surface"))
        self._cursor.setPen(pyqtgraph.mkPen(colour("muted"), width=1))
        self._legend.setLabelTextColor(colour("text"))
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(colour("border"))
            axis.setTextPen(colour("muted"))
        self._rename()  # a legend's new colour is drawn with its text

    @Slot()
    def _rename(self) -> None:
        self._show_readout(self._newest)
        if self._plot is None:
            return
        self._plot.setLabel("bottom", tr("Epoch"))
        for (sample, text), name in zip(self._legend.items, self._items, strict=True):
            del sample
            text.setText(tr("Validation") if name.startswith("val_") else tr("Training"))

    @Slot(object)
    def _follow(self, position: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        if not box.sceneBoundingRect().contains(position) or not self._curves[self._key].x:
            self._cursor.hide()
            self._show_readout(self._newest)
            return
        x = box.mapSceneToView(position).x()
        self._cursor.setPos(x)
        self._cursor.show()
        values = {name: curve.at(x) for name, curve in self._curves.items()}
        self._show_readout({name: value for name, value in values.items() if value is not None}, x)

    def _show_readout(self, values: dict[str, float], epoch: float | None = None) -> None:
        parts = [] if epoch is None else [tr("epoch {epoch}", epoch=f"{epoch:.1f}")]
        if self._key in values:
            parts.append(f"{tr('Training')} {values[self._key]:.3f}")
        if f"val_{self._key}" in values:
            parts.append(f"{tr('Validation')} {values[f'val_{self._key}']:.3f}")
        self._readout.setText("  ".join(parts))
        self._readout.setVisible(self._readout.sizeHint().width() + ROOM_FOR_TITLE_PX < self.width())


def _epoch_axis() -> Any:
    """Returns an axis that marks whole epochs only."""
    import pyqtgraph

    class EpochAxis(pyqtgraph.AxisItem):
        def tickSpacing(self, minimum: float, maximum: float, size: float) -> Any:  # noqa: N802 (pyqtgraph's name)
            return [level for level in super().tickSpacing(minimum, maximum, size) if level[0] >= 1] or [(1, 0)]

    return EpochAxis("bottom")


class LossPlot(QWidget):
    """The two plots of a training, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lossPlot")
        self.loss = TwinPlot("loss", mark("Loss"), "curve_loss")
        self.accuracy = TwinPlot("accuracy", mark("Accuracy"), "curve_accuracy")
        self.setLayout(row(self.loss, self.accuracy, spacing=16))
        self._turn = [self.loss, self.accuracy]
        self._stale: set[TwinPlot] = set()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self._draw_next)

    @Slot()
    def ensure_curves(self) -> None:
        """Shows the axes; to be called once the window has been painted."""
        self.loss.ensure_curves()
        self.accuracy.ensure_curves()

    def clear(self) -> None:
        """Forgets all points."""
        self.loss.clear()
        self.accuracy.clear()

    def add(self, metrics: Iterable[Metric]) -> None:
        """Takes a bundle of events; they are drawn soon."""
        for metric in metrics:
            self.loss.add(metric)
            self.accuracy.add(metric)
        self._draw_soon()

    def show_earlier(self, metrics: list[Metric]) -> None:
        """Takes the events that came before those it has: of a training that is gone on with, or long ended."""
        self.loss.show_earlier(metrics)
        self.accuracy.show_earlier(metrics)
        self._draw_soon()

    def _draw_soon(self) -> None:
        self._stale = set(self._turn)
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _draw_next(self) -> None:
        """Draws one plot at a time, by turns, so that the window answers between them."""
        self._turn.reverse()
        for plot in self._turn:
            if plot in self._stale:
                self._stale.discard(plot)
                plot.draw()
                break
        if self._stale:
            self._timer.start()
