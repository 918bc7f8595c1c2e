"""How the generation panel is laid out: tabs, what is asked for on the left, what is shown of it on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from desktop_app.panels.generation_empty import GenerationEmpty
from desktop_app.panels.generation_page import GenerationPage
from desktop_app.panels.generation_runs import GenerationRuns
from desktop_app.panels.training_setup import SCROLL_BAR_PX, WIDTH_PX
from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.elements import SlotLike, button, column, row
from desktop_app.widgets.progress_line import ProgressLine

EMPTY, WORK = range(2)


class GenerationFrame(QWidget):
    """Holds the pages. It starts nothing and knows no job.

    Attributes:
        tabs: one a page; each tab's data is its page's key.
        draw_button, stop_button, progress: at the foot of the left side.
        empty, train_button: shown instead of all that where no run draws.

    Args:
        pages: what there is, in order.
        runs: the card that chooses which run draws.
        ask, stop: what the buttons do.
    """

    def __init__(self, pages: Sequence[GenerationPage], runs: GenerationRuns, ask: SlotLike, stop: SlotLike) -> None:
        super().__init__()
        self._pages, self._runs = pages, runs
        self.tabs = QTabBar()
        self.tabs.setObjectName("generationTabs")
        self.tabs.setExpanding(False)
        say(self.tabs.setAccessibleName, "What to do")
        self.draw_button = button("Draw", ask, icon="generation", role="primary", name="generate")
        self.draw_button.setShortcut("Ctrl+Return")
        self.stop_button = button("Stop", stop, icon="stop", name="stopGenerating")
        self.progress = ProgressLine()
        self.empty = GenerationEmpty(
            "generation",
            mark("No run has learnt to draw yet"),
            mark("Train a DCGAN on your pictures, or on the digits, which takes minutes. Then it draws new ones here."),
            "generationEmpty",
        )
        self.train_button = self.empty.add_button(mark("Train a DCGAN"), "training", "trainGan", role="primary")
        self._views = QStackedWidget()
        self._whole = QStackedWidget()
        self._whole.addWidget(self._make_empty())
        self._whole.addWidget(self._make_work())
        tabs = row(self.tabs, 1)
        tabs.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 0)
        whole = column(tabs, self._whole, spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        translator().changed.connect(self._name_tabs)
        self._name_tabs()

    @property
    def page(self) -> GenerationPage:
        """The page that is shown."""
        return self._pages[self.tabs.currentIndex()]

    def show_page(self) -> None:
        """Shows what belongs to the tab that is chosen."""
        for page in self._pages:
            page.controls.setVisible(page is self.page)
        self._views.setCurrentWidget(self.page.view)
        self._runs.setVisible(self.page.needs_run)
        say(self.draw_button.setText, self.page.verb)
        show_icon(self.draw_button.setIcon, self.page.icon, "on_accent")

    def show_work(self, *, shown: bool) -> None:
        """Shows the pages, or what to do where no run draws."""
        self._whole.setCurrentIndex(WORK if shown else EMPTY)

    def show_busy(self, *, busy: bool) -> None:
        """Shows whether anything is being done."""
        for widget in (self.stop_button, self.progress):
            widget.setVisible(busy)
        self.stop_button.setEnabled(busy)

    def _make_empty(self) -> QWidget:
        framed = column(self.empty)
        framed.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 2 * SPACING)
        made = QWidget()
        made.setLayout(framed)
        return made

    def _make_work(self) -> QWidget:
        right = column(self._views)
        right.setContentsMargins(0, SPACING, 2 * SPACING, 2 * SPACING)
        made = QWidget()
        made.setLayout(row(self._make_left(), right, spacing=SPACING // 2))
        return made

    def _make_left(self) -> QWidget:
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        boxes = QVBoxLayout(scrolled)
        boxes.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        boxes.setSpacing(SPACING + SPACING // 2)
        boxes.addWidget(self._runs)
        for page in self._pages:
            index = self.tabs.addTab("")
            self.tabs.setTabData(index, page.key)
            boxes.addWidget(page.controls)
            self._views.addWidget(page.view)
        boxes.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(scrolled)
        buttons = row(self.draw_button, self.stop_button)
        buttons.setStretch(0, 1)
        foot = column(self.progress, buttons)

        def align(_: int, most: int) -> None:  # with the cards, which a scroll bar makes narrower
            foot.setContentsMargins(2 * SPACING, SPACING, SPACING + (SCROLL_BAR_PX if most else 0), 2 * SPACING)

        align(0, 0)
        area.verticalScrollBar().rangeChanged.connect(align)
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the buttons stay where they are
        self.progress.setSizePolicy(policy)
        left = QWidget()
        left.setFixedWidth(WIDTH_PX)
        left.setLayout(column(area, foot, spacing=0))
        return left

    @Slot()
    def _name_tabs(self) -> None:
        for index, page in enumerate(self._pages):
            self.tabs.setTabText(index, tr(page.title))
