"""Messages in a corner of the window: one sentence, what to do about it, details to unfold. Never a dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from core.errors import UserError
from core.events import Log
from desktop_app.theme import SPACING
from desktop_app.translation import mark, say, tr_error
from desktop_app.widgets.elements import button, label, row
from desktop_app.widgets.icon_label import IconLabel
from desktop_app.widgets.log_view import log_text

MOST = 3  # messages shown at once; an older one makes room
WIDEST_PX = 640
ICON_ROLES = {"info": "accent", "good": "good", "warning": "warning", "error": "bad"}


class Message(QFrame):
    """One message.

    Args:
        text: str, English.
        level: "info", "good", "warning" or "error".
        details: str, shown on demand, e.g. a traceback for a bug report.
        actions: (English text, function) pairs; the message goes when one is pressed.
        about: str, what it is about, for `MessageBar.withdraw`.
        values: what stands in the text's braces.

    Signals:
        unfolding: the details are about to be shown.
    """

    unfolding = Signal()

    def __init__(
        self,
        text: str,
        /,
        *,
        level: str = "info",
        details: str = "",
        actions: tuple[tuple[str, Callable[[], Any]], ...] = (),
        about: str = "",
        **values: Any,
    ) -> None:
        super().__init__()
        self.about = about
        self.setObjectName("message")
        self.setProperty("level", level)
        sign = IconLabel(level, ICON_ROLES[level])
        self.text = label(wrap=True, name="messageText")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        say(self.text.setText, text, **values)
        say(self.setAccessibleName, text, **values)
        self._details = QPlainTextEdit(details, readOnly=True)
        self._details.setMaximumHeight(160)
        self._details.hide()
        line = row(sign, self.text)
        line.setStretch(1, 1)
        for caption, function in actions:
            line.addWidget(self._action(caption, function))
        if details:
            line.addWidget(button("Details", self._toggle, role="quiet", name="messageDetails"))
            line.addWidget(button("Copy", self._copy, role="quiet", icon="copy"))
        line.addWidget(button("", self.dismiss, role="quiet", icon="close", tip=mark("Close"), name="messageClose"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING + 4, SPACING - 2, SPACING, SPACING - 2)
        layout.setSpacing(SPACING)
        layout.addLayout(line)
        layout.addWidget(self._details)

    def _action(self, caption: str, function: Callable[[], Any]) -> QPushButton:
        def act() -> None:
            function()
            self.dismiss()

        return button(caption, act, name="messageAction")

    @Slot()
    def dismiss(self) -> None:
        """Takes the message away."""
        self.hide()
        self.deleteLater()

    @Slot()
    def _toggle(self) -> None:
        if self._details.isHidden():
            self.unfolding.emit()
        self._details.setVisible(self._details.isHidden())

    def fold(self) -> None:
        """Hides the details."""
        self._details.hide()

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text.text()}\n\n{self._details.toPlainText()}")


class MessageBar(QWidget):
    """The place where messages appear, newest at the bottom.

    It floats over the lower right corner of the ground: what is under the mouse never moves because of a message.

    Args:
        ground: the widget it floats over, and whose child it becomes.
        keep_px: how far from the left it leaves the ground free.
    """

    def __init__(self, ground: QWidget, *, keep_px: int = 0) -> None:
        super().__init__(ground)
        self.setObjectName("messageBar")
        self._ground = ground
        self._keep_px = keep_px
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING // 2)
        ground.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Stays in the corner."""
        if watched is self._ground and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        """Follows what the messages need: one has come, gone, or unfolds its details."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _place(self) -> None:
        shown = self.messages()
        self.setVisible(bool(shown))
        if not shown:
            return
        width = min(WIDEST_PX, self._ground.width() - self._keep_px - 4 * SPACING)
        height = sum(message.heightForWidth(width) for message in shown) + (len(shown) - 1) * self._layout.spacing()
        left, top = self._ground.width() - width - 2 * SPACING, self._ground.height() - height - 2 * SPACING
        self.setGeometry(left, top, width, height)
        self.raise_()

    def show_message(self, text: str, /, *, level: str = "info", seconds: float = 0, **more: Any) -> Message:
        """Shows a message.

        Args:
            text: str, English.
            level: as for `Message`.
            seconds: float, after which it goes by itself; 0 lets it stay.
            more: details, actions, about and values, as for `Message`.
        """
        message = Message(text, level=level, **more)
        same = [old for old in self.messages() if old.text.text() == message.text.text()]
        for old in same + self.messages()[: max(0, len(self.messages()) - len(same) - MOST + 1)]:
            old.dismiss()
        message.unfolding.connect(self._fold)
        self._layout.addWidget(message)
        message.show()  # else it would count as hidden until the event loop shows it
        self._place()
        if seconds:
            QTimer.singleShot(round(seconds * 1000), message, message.dismiss)
        return message

    def show_error(self, error: UserError, *, details: str = "", about: str = "") -> Message:
        """Shows what an error says and what to do about it."""
        return self.show_message("{error}", level="error", details=details, about=about, error=lambda: tr_error(error))

    @Slot(list)
    def show_warnings(self, logs: Iterable[Log], *, seconds: float = 0) -> None:
        """Shows those of a job's log lines that warn; `seconds` as for `show_message`."""
        for log in logs:
            if log.level == "warning":
                self.show_message("{what}", level="warning", seconds=seconds, what=partial(log_text, log))

    @Slot()
    def _fold(self) -> None:
        """Leaves room for the details of one message."""
        for message in self.messages():
            message.fold()

    def withdraw(self, about: str) -> None:
        """Takes away what no longer holds: a question about a training that has ended, say."""
        for message in self.messages():
            if message.about == about:
                message.dismiss()

    def messages(self) -> list[Message]:
        """Returns the messages that are shown, oldest first."""
        return [
            item
            for item in self.findChildren(Message, options=Qt.FindChildOption.FindDirectChildrenOnly)
            if not item.isHidden()
        ]
