"""The result of a training in plain words: one figure, what it means, and what can be done with the model."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from core.kinds.kind import Kind
from desktop_app.scores import Score
from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import say
from desktop_app.widgets.elements import ButtonRow, SlotLike, button, label, row, set_role

NARROW_PX = 560  # below this width the sentence needs the room of the button's caption


class ScoreLine(QWidget):
    """A big number, the sentence that says what it means, and a button to use the model. Hidden without a score."""

    def __init__(self, use: SlotLike) -> None:
        super().__init__()
        self.number = label(role="score", name="testScore")
        self.sentence = label(wrap=True, name="testSentence")
        self.use_button = button("Classify with it", use, icon="classification", name="useResult")
        use_row = ButtonRow((self.use_button,), narrow_px=NARROW_PX, ground=self)
        line = row(self.number, self.sentence, use_row, spacing=2 * SPACING)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.hide()

    def show_score(self, score: Score) -> None:
        """Shows what came of a training."""
        say(self.number.setText, "{text}", text=score.number)
        say(self.sentence.setText, "{text}", text=score.sentence)
        set_role(self.number, "role", "score in doubt" if score.doubt() else "score")
        for widget in (self.number, self.sentence):
            say(widget.setToolTip, "{text}", text=score.tip)
        self.show()

    def show_use(self, kind: Kind | None) -> None:
        """Names what the model is good for; None hides the button."""
        self.use_button.setVisible(kind is not None)
        if kind is not None:
            say(self.use_button.setText, kind.use)
            say(self.use_button.setAccessibleName, kind.use)
            show_icon(self.use_button.setIcon, kind.icon)
