"""The two plots of a training, side by side: what they show follows from the kind of model that is trained.

pyqtgraph takes 0.4 s to import, so a worker thread does that by `import_curves` once the window has been painted;
`ensure_curves` then shows the axes. Points that come before are kept.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from core.events import Metric
from core.kinds.kind import Kind
from desktop_app.widgets.curve_plot import CurvePlot
from desktop_app.widgets.elements import row
from desktop_app.widgets.plot_plans import plans_of

REDRAW_MS = 100  # one of the two plots is drawn this often: each costs the window about 8 ms


def import_curves() -> None:
    """Imports pyqtgraph; meant for a worker thread."""
    importlib.import_module("pyqtgraph")


class LossPlot(QWidget):
    """The plot of the losses, and that of how good the model is."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lossPlot")
        self.loss, self.quality = (
            CurvePlot(name, plans) for name, plans in zip(("loss", "quality"), plans_of(None), strict=True)
        )
        self.setLayout(row(self.loss, self.quality, spacing=16))
        self._turn = [self.loss, self.quality]
        self._stale: set[CurvePlot] = set()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self._draw_next)

    @Slot()
    def ensure_curves(self) -> None:
        """Shows the axes; to be called once the window has been painted."""
        self.loss.ensure_curves()
        self.quality.ensure_curves()

    def show_kind(self, kind: Kind | None) -> None:
        """Begins anew with the plots of a kind of model; None gets a classifier's."""
        for plot, plans in zip((self.loss, self.quality), plans_of(kind), strict=True):
            plot.show_plans(plans)

    def clear(self) -> None:
        """Forgets all points."""
        self.loss.clear()
        self.quality.clear()

    def add(self, metrics: Iterable[Metric]) -> None:
        """Takes a bundle of events; they are drawn soon."""
        for metric in metrics:
            self.loss.add(metric)
            self.quality.add(metric)
        self._draw_soon()

    def show_earlier(self, metrics: list[Metric]) -> None:
        """Takes the events that came before those it has: of a training that is gone on with, or long ended."""
        self.loss.show_earlier(metrics)
        self.quality.show_earlier(metrics)
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
