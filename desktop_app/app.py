"""Makes the application and shows its window. Nothing here may wait: first paint comes first."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from core.runs.run import Workspace, default_workspace
from desktop_app.engines import Engines
from desktop_app.main_window import MainWindow
from desktop_app.preferences import Preferences, preferences_path
from desktop_app.store import Store
from desktop_app.theme import icon, theme
from desktop_app.translation import translator


class Application(QApplication):
    """The application, which keeps its window alive.

    Args:
        argv: the program's name, then Qt's own arguments.
    """

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv)
        self.setApplicationName("Pixelwright")
        self.setDesktopFileName("pixelwright")
        self.setStyle("Fusion")
        self.window: MainWindow | None = None


def make_app(argv: list[str]) -> Application:
    """Builds the application and shows its main window.

    Args:
        argv: the program's name, then Qt's own arguments.
    """
    app = Application(argv)
    app.window = make_window(Workspace(default_workspace()), Preferences(preferences_path()))
    app.setWindowIcon(icon("pixelwright", "accent"))
    app.window.show()
    return app


def make_window(workspace: Workspace, preferences: Preferences) -> MainWindow:
    """Builds the main window in the language and theme that are preferred; needs a QApplication.

    Args:
        workspace: where runs lie.
        preferences: what the window remembers.
    """
    translator().set_language(preferences.get("language", "system"))
    theme().use(preferences.get("theme", "system"))
    return MainWindow(Store(workspace, preferences), Engines(workspace))
