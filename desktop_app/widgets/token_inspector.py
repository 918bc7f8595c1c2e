"""What a model thought of one token: its probability and rank, and what else might have come."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop_app.translation import say
from desktop_app.widgets.alternatives_list import AlternativesList, Choice
from desktop_app.widgets.elements import button, column, label, row
from desktop_app.widgets.token_text import visible
from desktop_app.written_text import Token


def token_name(text: str) -> str:
    """Returns a token as it is named: in quotes, so that its blanks are seen."""
    return f"“{visible(text).replace(chr(10), '')}”"


class TokenInspector(QWidget):
    """Shows a token.

    Signals:
        alternative_wanted: int, the place of the alternative that is to be written instead.
    """

    alternative_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tokenInspector")
        self._token: Token | None = None
        self.summary = label(role="heading", wrap=True, name="tokenSummary")
        self.hint = label(role="muted", wrap=True, name="tokenHint")
        self.alternatives = AlternativesList()
        self.branch_button = button(
            "Go on from here",
            self._want,
            icon="branch",
            name="writeBranch",
            tip="Takes the chosen token in this place, and writes on from there. This text stays.",
        )
        line = row(self.summary, self.branch_button)
        line.setStretch(0, 1)
        whole = column(line, self.hint, self.alternatives)
        whole.setStretch(2, 1)
        whole.setContentsMargins(0, 8, 0, 0)
        self.setLayout(whole)
        self.alternatives.taken.connect(self.alternative_wanted)
        self.alternatives.itemSelectionChanged.connect(self._enable)
        self.show_token(None)

    def show_token(self, token: Token | None, *, first: bool = False) -> None:
        """Shows a token, or none.

        Args:
            token: what is known of it.
            first: bool, whether it is the text's first, of which a model can't think anything.
        """
        self._token = token
        known = token is not None and token.probability is not None
        self.alternatives.setVisible(known)
        self.branch_button.setVisible(known)
        self.hint.setVisible(not known)
        self.summary.setVisible(token is not None)
        if token is None:
            say(self.hint.setText, "Click a token in the text above.")
        elif not known:
            say(self.summary.setText, "{token}", token=token_name(token.text))
            say(
                self.hint.setText,
                "The first token: there is nothing before it that would make it probable."
                if first
                else "This token belongs to the prompt. Open Attention to have the model look at it as well.",
            )
        else:
            say(
                self.summary.setText,
                "{token} · probability {probability} · rank {rank} · as undecided as among {choices} equal tokens",
                token=token_name(token.text),
                probability=f"{token.probability:.1%}",
                rank=f"{token.rank:,}",
                choices=f"{math.exp(token.entropy):,.1f}",
            )
        found = token.alternatives if token is not None else ()
        self.alternatives.show_choices(
            [Choice(token_name(one.text), one.probability, one.token == token.token) for one in found if token]
        )
        self._enable()

    @Slot()
    def _enable(self) -> None:
        self.branch_button.setEnabled(self.alternatives.currentRow() >= 0 and bool(self.alternatives.selectedItems()))

    @Slot()
    def _want(self) -> None:
        self.alternative_wanted.emit(self.alternatives.currentRow())
