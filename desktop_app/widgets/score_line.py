"""The result of a training in plain words: how many of the test pictures the model gets right."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop_app.store import Score
from desktop_app.theme import SPACING
from desktop_app.translation import say
from desktop_app.widgets.elements import SlotLike, button, label, row


class ScoreLine(QWidget):
    """A big number, the sentence that says what it means, and a button to use the model. Hidden without a score."""

    def __init__(self, classify: SlotLike) -> None:
        super().__init__()
        self.number = label(role="score", name="testScore")
        self.sentence = label(wrap=True, name="testSentence")
        self.classify_button = button("Classify with it", classify, icon="classification", name="classifyWithResult")
        line = row(self.number, self.sentence, self.classify_button, spacing=2 * SPACING)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.hide()

    def show_score(self, score: Score) -> None:
        """Shows a test score."""
        accuracy, pictures, leaks = score.accuracy, score.pictures, score.leaks
        self.number.setText(f"{accuracy:.1%}")
        if leaks and pictures:
            say(
                self.sentence.setText,
                "{right} of {pictures} test pictures right. "
                "Exact copies of {leaks} of them are among the training or validation pictures.",
                right=f"{round(accuracy * pictures):,}",
                pictures=f"{pictures:,}",
                leaks=f"{leaks:,}",
            )
        elif leaks:
            say(
                self.sentence.setText,
                "of the test pictures right. "
                "Exact copies of {leaks} of them are among the training or validation pictures.",
                leaks=f"{leaks:,}",
            )
        elif pictures:
            say(
                self.sentence.setText,
                "{right} of {pictures} test pictures right. None of them was seen in training.",
                right=f"{round(accuracy * pictures):,}",
                pictures=f"{pictures:,}",
            )
        else:
            say(self.sentence.setText, "of the test pictures right. None of them was seen in training.")
        self.show()
