"""One plot of a training: a few curves over epochs, their legend, and the values under the pointer.

pyqtgraph is imported by `ensure_curves` only. Points that come before are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QWidget

from core.events import Metric
from desktop_app.theme import colour, theme
from desktop_app.translation import say, tr, translator
from desktop_app.widgets.curve import Curve
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.plot_plans import Line, Plan

ROOM_FOR_TITLE_PX = 72
ROOM_FOR_CHOICE_PX = 150
ROOM_FOR_LEGEND_PX = 170
CORNERS = {"top": (-8, 8), "bottom": (-8, -8)}
DOT_PX = 6
EDGE = 0.05  # of the range, kept free above and below the curves
MOST_UNDER_LEGEND = 0.6  # of a plot's height
LEGEND_ALPHA = 110  # of 255: what runs behind the legend must not spoil its text


class CurvePlot(QWidget):
    """A plot; where it has several plans, its heading is a list to choose from, and the others' points are kept.

    Args:
        name: str, for object names.
        plans: at least one.
    """

    def __init__(self, name: str, plans: Sequence[Plan]) -> None:
        super().__init__()
        self.setObjectName(f"plot_{name}")
        self._plans = list(plans)
        self._plan = self._plans[0]
        self._lines = self._all_lines()
        self._plot: Any = None
        self._legend: Any = None
        self._items: dict[str, Any] = {}
        self._cursor: Any = None
        self._curves: dict[str, Curve] = {}
        self._newest: dict[str, float] = {}
        self._texts = ("", "")  # of the readout: long and short
        self._heading = label(role="heading")
        self.choice = QComboBox()
        self.choice.setObjectName(f"choice_{name}")
        say(self.choice.setAccessibleName, "What is plotted")
        self.choice.activated.connect(self._choose)
        self._readout = label(role="muted", name=f"readout_{name}")
        self.setLayout(column(row(self._heading, self.choice, 1, self._readout), spacing=4))
        self._restart()
        self._show_heading()
        theme().changed.connect(self._recolour)
        translator().changed.connect(self._rename)

    def show_plans(self, plans: Sequence[Plan]) -> None:
        """Plots something else, from its beginning."""
        if list(plans) != self._plans:
            self._plans = list(plans)
            self._lines = self._all_lines()
            self._change(self._plans[0])
        self.clear()

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
        self._curves, self._newest = own, {**self._newest, **newest}

    def add(self, metric: Metric) -> None:
        """Takes the points of one event, without drawing them; what isn't a number is left out."""
        for line in self._lines:
            value = metric.values.get(line.key, math.nan)
            if not math.isfinite(value):
                continue
            self._newest[line.key] = value
            if metric.per != "epoch" and line.live == "never":
                continue
            curve = self._curves[line.key]
            if metric.per == "epoch" and line.live == "until":
                curve.cut(metric.epoch - 1)
            curve.add(metric.epoch, value)

    def draw(self) -> None:
        """Draws what has been added."""
        for line in self._plan.lines:
            if line.key in self._items:
                curve = self._curves[line.key]
                dots = line.marked or len(curve.x) == 1
                self._items[line.key].setData(curve.x, curve.y, symbol="o" if dots else None)
        self._fit_height()
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
        self._legend = item.addLegend(offset=CORNERS[self._plan.legend])
        self._cursor = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        item.addItem(self._cursor, ignoreBounds=True)
        item.getViewBox().sigResized.connect(self._fit_height)
        self._plot.scene().sigMouseMoved.connect(self._follow)
        layout = self.layout()
        assert layout is not None  # noqa: S101 (for the type checker)
        layout.addWidget(self._plot)
        self._change(self._plan)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leaves out what a small plot has no room for."""
        super().resizeEvent(event)
        self._fit_readout()
        if self._plot is not None:
            self._legend.setVisible(self.height() > ROOM_FOR_LEGEND_PX)

    @Slot()
    def _fit_height(self) -> None:
        """Fits the y axis to the curves, with so much room at the legend's side that it covers no newest points."""
        points = [point for line in self._plan.lines for point in self.points(line.key)]
        if self._plot is None or not points:
            return
        box = self._plot.getPlotItem().getViewBox()
        low, high = min(y for _, y in points), max(y for _, y in points)
        edge = EDGE * (high - low or abs(high) or 1)
        low, high = low - edge, high + edge
        if self._legend.isVisible() and box.width() > 0 and box.height() > 0:
            first, last = min(x for x, _ in points), max(x for x, _ in points)
            covered_x = last - (last - first) * min(1, (self._legend.width() + 16) / box.width())
            beside = [y for x, y in points if x >= covered_x]
            share = min(MOST_UNDER_LEGEND, (self._legend.height() + 16) / box.height())
            if self._plan.legend == "top":
                high = max(high, (max(beside) - share * low) / (1 - share))
            else:
                low = min(low, (min(beside) - share * high) / (1 - share))
        box.setYRange(low, high, padding=0)

    def _all_lines(self) -> list[Line]:
        return [line for plan in self._plans for line in plan.lines]

    def _restart(self) -> None:
        self._curves = {line.key: Curve() for line in self._lines}
        self._newest = {}

    @Slot(int)
    def _choose(self, index: int) -> None:
        self._change(self._plans[index])

    def _change(self, plan: Plan) -> None:
        """Draws another plan's curves."""
        self._plan = plan
        for line in self._lines:
            self._curves.setdefault(line.key, Curve())
        self._show_heading()
        if self._plot is None:
            return
        item = self._plot.getPlotItem()
        for drawn in self._items.values():
            item.removeItem(drawn)
        self._items = {line.key: item.plot([], [], name=line.key) for line in plan.lines}
        self._legend.setOffset(CORNERS[plan.legend])
        self._recolour()
        self.draw()
        self._plot.enableAutoRange()

    def _show_heading(self) -> None:
        several = len(self._plans) > 1
        self._heading.setVisible(not several)
        self.choice.setVisible(several)
        say(self._heading.setText, self._plan.title)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItems([tr(plan.title) for plan in self._plans])
            self.choice.setCurrentIndex(self._plans.index(self._plan))

    @Slot()
    def _recolour(self) -> None:
        if self._plot is None:
            return
        import pyqtgraph

        for line in self._plan.lines:
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            item = self._items[line.key]
            item.setPen(pyqtgraph.mkPen(colour(line.shade), width=2, style=style))
            item.setSymbolBrush(colour(line.shade))
            item.setSymbolPen(None)
            item.setSymbolSize(DOT_PX)
        self._plot.setBackground(colour("surface"))
        self._cursor.setPen(pyqtgraph.mkPen(colour("muted"), width=1))
        self._legend.setLabelTextColor(colour("text"))
        ground = colour("surface")
        ground.setAlpha(LEGEND_ALPHA)
        self._legend.setBrush(ground)
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(colour("border"))
            axis.setTextPen(colour("muted"))
        self._rename()  # a legend's new colour is drawn with its text

    @Slot()
    def _rename(self) -> None:
        self._show_heading()
        self._show_readout(self._newest)
        if self._plot is None:
            return
        self._plot.setLabel("bottom", tr("Epoch"))
        for (_, text), line in zip(self._legend.items, self._plan.lines, strict=True):
            text.setText(tr(line.title))

    @Slot(object)
    def _follow(self, position: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        shown = {line.key: self._curves[line.key] for line in self._plan.lines}
        if not box.sceneBoundingRect().contains(position) or not any(curve.x for curve in shown.values()):
            self._cursor.hide()
            self._show_readout(self._newest)
            return
        x = box.mapSceneToView(position).x()
        self._cursor.setPos(x)
        self._cursor.show()
        values = {name: curve.at(x) for name, curve in shown.items()}
        self._show_readout({name: value for name, value in values.items() if value is not None}, x)

    def _show_readout(self, values: dict[str, float], epoch: float | None = None) -> None:
        parts = [] if epoch is None else [tr("epoch {epoch}", epoch=f"{epoch:.1f}")]
        shown = {line.title: values[line.key] for line in self._plan.lines if line.key in values}
        numbers = [f"{value:.{3 if abs(value) < 100 else 1}f}" for value in shown.values()]
        parts += [f"{tr(title)} {number}" for title, number in zip(shown, numbers, strict=True)]
        self._texts = ("  ".join(parts), " / ".join(numbers))
        self._fit_readout()

    def _fit_readout(self) -> None:
        """Shows the values with their names, or alone, or not at all, as there is room."""
        room = self.width() - (ROOM_FOR_CHOICE_PX if len(self._plans) > 1 else ROOM_FOR_TITLE_PX)
        for text in self._texts:
            self._readout.setText(text)
            if fits := self._readout.sizeHint().width() < room:
                break
        self._readout.setVisible(fits)


def _epoch_axis() -> Any:
    """Returns an axis that marks whole epochs only."""
    import pyqtgraph

    class EpochAxis(pyqtgraph.AxisItem):
        def tickSpacing(self, minimum: float, maximum: float, size: float) -> Any:  # noqa: N802 (pyqtgraph's name)
            return [level for level in super().tickSpacing(minimum, maximum, size) if level[0] >= 1] or [(1, 0)]

    axis = EpochAxis("bottom")
    axis.enableAutoSIPrefix(False)  # noqa: FBT003 (pyqtgraph's); else "Epoch (x0.001)" at first
    return axis
