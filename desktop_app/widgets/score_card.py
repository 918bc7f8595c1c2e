"""The result of a training in plain words: how many of the test pictures the model gets right."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame

from desktop_app.theme import SPACING
from desktop_app.translation import say
from desktop_app.widgets.elements import SlotLike, button, card, label, row


class ScoreCard(QFrame):
    """A big number and the sentence that says what it means. Hidden until there is a score."""

    def __init__(self, classify: SlotLike) -> None:
        super().__init__()
        frame, layout = card()
        self.number = label(role="score", name="testScore")
        self.sentence = label(wrap=True, name="testSentence")
        self.classify_button = button("Classify with it", classify, icon="classification", name="classifyWithResult")
        layout.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        line = row(self.number, self.sentence, self.classify_button, spacing=2 * SPACING)
        line.setStretch(1, 1)
        layout.addLayout(line)
        self.setLayout(row(frame))
        self.hide()

    def show_score(self, accuracy: float, pictures: int, leaks: int = 0) -> None:
        """Shows the test score.

        Args:
            accuracy: share of the test pictures that the model gets right, in [0, 1].
            pictures: how many test pictures there are; 0 where that is not known.
            leaks: how many of them have an exact copy among the pictures it was trained or validated on.
        """
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
