"""Makes the application and shows its window. Nothing here may wait: first paint comes first."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMainWindow


def make_app(argv: list[str]) -> QApplication:
    """Builds the application and shows its main window.

    Args:
        argv: the program's name, then Qt's own arguments.
    """
    app = QApplication(argv)
    app.setApplicationName("Pixelwright")
    window = QMainWindow()
    window.setWindowTitle("Pixelwright")
    window.show()
    app.setProperty("window", window)
    return app
