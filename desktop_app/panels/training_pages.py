"""The pages of the training panel: pictures, curves, samples, log. They fill what they are given and start nothing."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from core.kinds.kind import Kind
from desktop_app.theme import SPACING
from desktop_app.translation import mark, tr, translator
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.image_grid import ImageGrid
from desktop_app.widgets.log_view import LogView
from desktop_app.widgets.loss_plot import LossPlot
from desktop_app.widgets.sample_strip import SampleStrip

PICTURES, CURVES, SAMPLES, LOG = range(4)
TITLES = (mark("Data"), mark("Curves"), mark("Samples"), mark("Log"))
ROOM_FOR_SAMPLES_PX = 680  # from this width on the samples stand beside the curves
SHARES = (5, 2)  # of curves and samples there


class TrainingPages(QTabWidget):
    """Tabs. Where there is room, the samples of a model that draws stand beside its curves; else on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("trainingTabs")
        self.setDocumentMode(True)
        self.pictures = ImageGrid()
        self.about = label(role="muted", wrap=True, name="previewAbout")
        self.classes = label(role="muted", wrap=True, name="classCounts")
        self.classes.hide()
        self.remarks = label(role="warning", wrap=True, name="dataRemarks")
        self.remarks.hide()
        self.plot = LossPlot()
        self.samples = SampleStrip()
        self.log = LogView()
        self._draws = False
        self._beside = row(self.plot, spacing=2 * SPACING)
        self._alone = column()
        data = column(self.about, self.classes, self.remarks, self.pictures, 0)
        data.setStretch(3, 1)
        for page in (data, self._beside, self._alone, column(self.log)):
            holder = QWidget()
            page.setContentsMargins(0, SPACING, 0, 0)
            holder.setLayout(page)
            self.addTab(holder, "")
        self._name_tabs()
        translator().changed.connect(self._name_tabs)
        self.show_kind(None)

    def show_kind(self, kind: Kind | None) -> None:
        """Makes room for what a kind of model shows of itself; forgets what was shown."""
        self._draws = kind is not None and kind.samples_grow
        self.plot.show_kind(kind)
        self._place_samples()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Moves the samples where there is room."""
        super().resizeEvent(event)
        self._place_samples()

    def _place_samples(self) -> None:
        wide = self.width() >= ROOM_FOR_SAMPLES_PX
        target = self._beside if wide else self._alone
        if target.indexOf(self.samples) < 0:
            target.addWidget(self.samples)  # which takes it out of the other
            for place, share in enumerate(SHARES):
                self._beside.setStretch(place, share)
        self.samples.setVisible(self._draws)
        alone = not wide and self._draws
        if not alone and self.currentIndex() == SAMPLES:
            self.setCurrentIndex(CURVES)
        self.setTabVisible(SAMPLES, alone)

    @Slot()
    def _name_tabs(self) -> None:
        for index, text in enumerate(TITLES):
            self.setTabText(index, tr(text))
