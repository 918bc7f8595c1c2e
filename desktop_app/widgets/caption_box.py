"""A list of captions to choose from that shortens a caption's name where it is too narrow, and not its date."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

SEPARATOR = " · "  # between a caption's parts, the name first
LEAST_NAME_PX = 24
MARGIN_PX = 6  # that the style keeps on both sides of the text together, and a little more


class CaptionBox(QComboBox):
    """Shows of the chosen caption as much of the name as there is room for, and all that tells it from others."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def shown_text(self) -> str:
        """Returns what can be read of the caption that is chosen."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, part, self).width() - MARGIN_PX
        metrics, text = self.fontMetrics(), self.currentText()
        name, separator, rest = text.partition(SEPARATOR)
        for_name = room - metrics.horizontalAdvance(separator + rest)
        if for_name < LEAST_NAME_PX:
            return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        return metrics.elidedText(name, Qt.TextElideMode.ElideRight, for_name) + separator + rest

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws the box with what fits."""
        if self.currentIndex() < 0:
            super().paintEvent(event)  # the placeholder
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
