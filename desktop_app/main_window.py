"""The main window: a rail of panels, the messages over them, the menus. It only assembles."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core import __version__
from core.errors import UserError
from desktop_app.background import Aside
from desktop_app.engines import Engines
from desktop_app.panel import Panel, Studio
from desktop_app.panels import PANELS
from desktop_app.panels.generation_recall import carries_recipe
from desktop_app.panels.training_setup import WIDTH_PX
from desktop_app.store import Store
from desktop_app.theme import SPACING, show_icon, theme
from desktop_app.translation import LANGUAGES, mark, say, translator
from desktop_app.widgets.drop_area import DropTarget
from desktop_app.widgets.elements import row, set_role
from desktop_app.widgets.message_bar import MessageBar

RAIL_PX = 108
TRAINING, GENERATION = "training", "generation"  # panels that others lead to
THEME_NAMES = {"system": mark("As the system"), "light": mark("Light"), "dark": mark("Dark")}
PACKAGES = ("keras", "tensorflow", "jax", "torch", "keras-hub", "PySide6", "numpy")


class MainWindow(QMainWindow):
    """Pixelwright's window.

    Signals:
        painted: emitted once, after the first paint.

    Args:
        store: workspace, runs, preferences.
        engines: where jobs are done.
    """

    painted = Signal()

    def __init__(self, store: Store, engines: Engines) -> None:
        super().__init__()
        self.setWindowTitle("Pixelwright")
        self.setObjectName("mainWindow")
        self.store = store
        self.engines = engines
        self._painted = False
        self._ground = QWidget()
        self._aside = Aside(self)
        self.messages = MessageBar(self._ground, keep_px=RAIL_PX + WIDTH_PX)
        self._pages = QStackedWidget()
        self._pages.setObjectName("pages")
        self._rail = QButtonGroup(self)
        studio = Studio(store, engines, self.messages)
        self.panels: dict[str, Panel] = {}
        for kind in PANELS:
            panel = self.panels[kind.key] = kind(studio)
            panel.run_offered.connect(self._hand_over)
            panel.model_wanted.connect(self._train)
            self._pages.addWidget(panel)
        self._assemble()
        self._make_menus()
        self._restore()
        drop = DropTarget(self)
        drop.dropped.connect(self._take_paths)
        drop.entered.connect(self._invite)
        drop.left.connect(self._end_invitation)
        store.failed.connect(self._show_error)
        self.painted.connect(self._begin, Qt.ConnectionType.QueuedConnection)

    # -- making -------------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        rail = QWidget()
        rail.setObjectName("rail")
        rail.setFixedWidth(RAIL_PX)
        buttons = QVBoxLayout(rail)
        buttons.setContentsMargins(SPACING, 2 * SPACING, SPACING, SPACING)
        buttons.setSpacing(SPACING // 2)
        for index, kind in enumerate(PANELS):
            choice = QToolButton()
            choice.setObjectName(f"show_{kind.key}")
            choice.setProperty("role", "rail")
            choice.setCheckable(True)
            choice.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            choice.setIconSize(QSize(24, 24))
            choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            choice.setShortcut(QKeySequence(f"Ctrl+{index + 1}"))
            choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            say(choice.setText, kind.title)
            say(choice.setAccessibleName, kind.title)
            show_icon(choice.setIcon, kind.icon)
            self._rail.addButton(choice, index)
            buttons.addWidget(choice)
        buttons.addStretch(1)
        self._rail.button(0).setChecked(True)
        self._rail.idClicked.connect(self._pages.setCurrentIndex)
        self._ground.setLayout(row(rail, self._pages, spacing=0))
        self.setCentralWidget(self._ground)

    def _make_menus(self) -> None:
        file = self._menu("&File")
        self._action(file, "Open data…", self._open_data, QKeySequence.StandardKey.Open)
        self._action(file, "Show the workspace", self._show_workspace)
        file.addSeparator()
        self._action(file, "Quit", self.close, QKeySequence.StandardKey.Quit)
        view = self._menu("&View")
        themes = self._submenu(view, "Theme")
        self._choices(themes, THEME_NAMES, self._use_theme, self.store.preferences.get("theme", "system"))
        languages = self._submenu(view, "Language")
        self._choices(
            languages,
            {"system": THEME_NAMES["system"], **LANGUAGES},
            self._use_language,
            self.store.preferences.get("language", "system"),
        )
        help_menu = self._menu("&Help")
        self._action(help_menu, "About Pixelwright", self._about)

    def _menu(self, text: str) -> QMenu:
        menu = self.menuBar().addMenu("")
        say(menu.setTitle, text)
        return menu

    def _submenu(self, parent: QMenu, text: str) -> QMenu:
        menu = parent.addMenu("")
        say(menu.setTitle, text)
        return menu

    def _action(
        self, menu: QMenu, text: str, slot: Any, shortcut: QKeySequence | QKeySequence.StandardKey | None = None
    ) -> QAction:
        action = QAction(self)
        say(action.setText, text)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    def _choices(self, menu: QMenu, names: dict[str, str], slot: Any, current: str) -> None:
        group = QActionGroup(menu)
        for key, text in names.items():
            action = self._action(menu, text, slot)
            action.setCheckable(True)
            action.setData(key)
            action.setChecked(key == current)
            group.addAction(action)

    def _restore(self) -> None:
        self.setMinimumSize(QSize(880, 560))
        self.resize(QSize(1200, 780))
        preferences = self.store.preferences
        if geometry := preferences.get("geometry", ""):
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        self.show_panel(preferences.get("panel", PANELS[0].key))

    # -- doing --------------------------------------------------------------------------------------------

    def show_panel(self, key: str) -> None:
        """Shows a panel."""
        if key in self.panels:
            index = self._pages.indexOf(self.panels[key])
            self._pages.setCurrentIndex(index)
            self._rail.button(index).setChecked(True)
            self.panels[key].setFocus()

    @property
    def panel(self) -> Panel:
        """The panel that is shown."""
        shown = self._pages.currentWidget()
        assert isinstance(shown, Panel)  # noqa: S101 (for the type checker)
        return shown

    @Slot()
    def _begin(self) -> None:
        self.engines.begin()
        for panel in self.panels.values():
            panel.begin()
        self.store.watch()

    @Slot(str, str)
    def _hand_over(self, key: str, run_id: str) -> None:
        self.panels[key].take_run(run_id)
        self.show_panel(key)

    @Slot(str)
    def _train(self, model: str) -> None:
        self.panels[TRAINING].take_model(model)
        self.show_panel(TRAINING)

    @Slot(list)
    def _take_paths(self, paths: list[Path]) -> None:
        """Gives the panel what was dropped; one picture may tell what made it, which is the generation panel's."""
        panel = self.panel
        if len(paths) > 1 or (panel.key == GENERATION and not panel.takes_pictures):
            panel.take_paths(paths)
            return

        def hand_on(tells: bool) -> None:  # noqa: FBT001 (what the other thread found)
            if tells and not panel.takes_pictures:
                self._recall(paths[0])
                return
            panel.take_paths(paths)
            if tells:
                self.messages.show_message(
                    "'{name}' tells how it was made.",
                    seconds=20,
                    actions=((mark("Show"), lambda: self._recall(paths[0])),),
                    name=paths[0].name,
                )

        self._aside.do(lambda: carries_recipe(paths[0]), hand_on)

    def _recall(self, path: Path) -> None:
        self.show_panel(GENERATION)
        self.panels[GENERATION].recall(path)

    @Slot()
    def _invite(self) -> None:
        set_role(self._pages, "inviting", "true")

    @Slot()
    def _end_invitation(self) -> None:
        set_role(self._pages, "inviting", "false")

    @Slot()
    def _open_data(self) -> None:
        if path := QFileDialog.getExistingDirectory(self):
            self.panel.take_paths([Path(path)])

    @Slot()
    def _show_workspace(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.store.workspace.folder)))

    @Slot()
    def _use_theme(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.store.preferences.set("theme", action.data())
            theme().use(action.data())

    @Slot()
    def _use_language(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.store.preferences.set("language", action.data())
            translator().set_language(action.data())

    @Slot()
    def _about(self) -> None:
        self.messages.show_message(
            "Pixelwright {version}: an offline studio for image models. Workspace: {workspace}",
            details=_versions(),
            version=__version__,
            workspace=self.store.workspace.folder,
        )

    @Slot(object)
    def _show_error(self, error: UserError) -> None:
        self.messages.show_error(error)

    # -- Qt's events --------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Tells once that the window is there."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 (Qt's name)
        """Remembers the window, lets the engines save and ends them; takes a few seconds at most."""
        preferences = self.store.preferences
        preferences.set("geometry", bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        preferences.set("panel", self.panel.key)
        for panel in self.panels.values():
            panel.remember()
        self.hide()  # it is gone for the user while the engines write their last checkpoint
        self.engines.close()
        self.store.close()
        super().closeEvent(event)


def _versions() -> str:
    lines = [f"Pixelwright {__version__}", f"Python {platform.python_version()}", platform.platform()]
    for name in PACKAGES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name}: not installed")
    return "\n".join(lines)
