"""The right side of the writing page: the text, each token on its tint, and below it what can be known of a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QSplitter, QTabWidget, QVBoxLayout, QWidget

from core.text.perplexity_shown import perplexity_shown
from desktop_app.theme import SPACING
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.attention_view import AttentionView
from desktop_app.widgets.elements import ButtonRow, button, card, label, row
from desktop_app.widgets.text_tree import TextTree
from desktop_app.widgets.token_inspector import TokenInspector, token_name
from desktop_app.widgets.token_text import TokenText
from desktop_app.written_text import Token, WrittenText, ends_text

NARROW_PX = 520
UNDECIDED_NATS = 4.0  # from here on a tint grows no stronger
LOWEST_RANK = 1000
TINTS: Mapping[str, str] = {
    "probability": mark("improbable tokens"),
    "rank": mark("tokens of low rank"),
    "entropy": mark("undecided places"),
    "none": mark("nothing"),
}
TOKEN, ATTENTION, TEXTS = range(3)


class WriteView(QWidget):
    """Shows one of several texts.

    Signals:
        branch_wanted: (WrittenText, place, alternative): it is to be written on from there, with that token.
        more_wanted: WrittenText that is to be written on from its end.
        attention_wanted: WrittenText whose attention is to be shown.
        save_requested: WrittenText.
        emptied: all texts are to be forgotten.
    """

    branch_wanted = Signal(object, int, int)
    more_wanted = Signal(object)
    attention_wanted = Signal(object)
    save_requested = Signal(object)
    emptied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown: WrittenText | None = None
        self._token = -1  # the place of the token that is looked at
        self._growth = QTimer(self, singleShot=True, interval=0)
        self.text = TokenText()
        self.summary = label(role="heading", wrap=True, name="writeSummary")
        self.inspector = TokenInspector()
        self.attention = AttentionView()
        self.tree = TextTree()
        self.tint = QComboBox()
        self.tint.setObjectName("writeTint")
        self.tint.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # in each language
        for key in TINTS:
            self.tint.addItem("", key)
        say(self.tint.setAccessibleName, "Tint")
        self.tabs = QTabWidget()
        self.tabs.setObjectName("writeTabs")
        for widget in (self.inspector, self.attention, self.tree):
            self.tabs.addTab(widget, "")
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._make_text())
        split.addWidget(self._make_foot())
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([320, 280])
        split.setHandleWidth(SPACING)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)
        self._connect()
        self._name()

    def _make_text(self) -> QWidget:
        page, layout = card()
        self.more_button = button(
            "Go on", self._ask_for_more, icon="play", name="writeMore", tip="Writes on from the end of this text."
        )
        self.copy_button = button("Copy", self._copy, icon="copy", name="writeCopy")
        self.save_button = button("Save…", self._save, icon="save", name="writeSave")
        buttons = ButtonRow((self.more_button, self.copy_button, self.save_button), narrow_px=NARROW_PX, ground=page)
        line = row(self.summary, buttons)
        line.setStretch(0, 1)
        layout.addLayout(line)
        layout.addWidget(self.text, 1)
        hint = label("Click a token to see what else might have come.", role="muted", wrap=True)
        foot = row(hint, label("Tinted:", role="muted"), self.tint)
        foot.setStretch(0, 1)
        layout.addLayout(foot)
        return page

    def _make_foot(self) -> QWidget:
        page, layout = card()
        layout.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 2 * SPACING)
        layout.addWidget(self.tabs)
        return page

    def _connect(self) -> None:
        self._growth.timeout.connect(self.show_fresh)
        self.text.token_chosen.connect(self._open_token)
        self.inspector.alternative_wanted.connect(self._ask_for_branch)
        self.attention.token_chosen.connect(self.look_at)
        self.attention.head_changed.connect(self._show_tints)
        self.tree.text_chosen.connect(self.show_text)
        self.tree.emptied.connect(self.emptied)
        self.tint.currentIndexChanged.connect(self._show_tints)
        self.tabs.currentChanged.connect(self._show_tab)
        translator().changed.connect(self._name)

    # -- what is shown ------------------------------------------------------------------------------------

    @Slot(object)
    def show_text(self, text: WrittenText) -> None:
        """Shows a text from its beginning."""
        self.shown, self._token = text, -1
        self.text.show_tokens(
            [shown_piece(token) for token in text.tokens], self._tints(), shade=self._shade, muted=text.begins
        )
        self.attention.show_attention(text.attention, [token_name(token.text) for token in text.tokens])
        self.tree.choose(text)
        self.look_at(-1)
        self._tell()
        if text.state == "growing":
            self.text.follow()
        if self.tabs.currentIndex() == ATTENTION:
            self._want_attention()

    def show_end(self, *, examine: bool) -> None:
        """No more tokens come.

        Args:
            examine: bool, whether the attention is wanted where it would be shown.
        """
        self.show_fresh()
        self._tell()
        if examine and self.tabs.currentIndex() == ATTENTION:
            self._want_attention()

    def show_all(self) -> None:
        """Shows the list of texts: there are several new ones."""
        self.tabs.setCurrentIndex(TEXTS)

    def forget(self) -> None:
        """Shows no text."""
        self.shown, self._token = None, -1
        self.text.show_tokens((), (), shade="warning")
        self.attention.show_attention(None, ())
        self.inspector.show_token(None)

    def show_growth(self, text: WrittenText) -> None:
        """Shows soon the tokens that have come since, where it is the text that is shown; many at once."""
        if text is self.shown:
            self._growth.start()

    @Slot()
    def show_fresh(self) -> None:
        """Shows the tokens that have come since."""
        self._growth.stop()
        if self.shown is not None and (fresh := self.shown.tokens[self.text.count :]):
            by = str(self.tint.currentData())
            tints = [0.0 if self._by_attention() else tint_of(token, by) for token in fresh]
            self.text.add_tokens([shown_piece(token) for token in fresh], tints)
            self._tell()

    def show_knowledge(self, text: WrittenText) -> None:
        """Shows what has become known of a text's tokens, where it is the one that is shown."""
        if text is self.shown:
            place, bar = self._token, self.text.verticalScrollBar()
            seen = bar.value()
            self.show_text(text)
            self.look_at(place)
            bar.setValue(seen)

    @Slot(int)
    def _open_token(self, place: int) -> None:
        """Shows what is known of a token that the user has chosen in the text."""
        if self.tabs.currentIndex() == TEXTS:
            self.tabs.setCurrentIndex(TOKEN)
        self.look_at(place)

    @Slot(int)
    def look_at(self, place: int) -> None:
        """Shows what is known of a token; of none with -1."""
        text = self.shown
        self._token = place if text is not None and 0 <= place < len(text.tokens) else -1
        self.text.choose(self._token)
        self.attention.choose(self._token)
        token = text.tokens[self._token] if text is not None and self._token >= 0 else None
        self.inspector.show_token(token, first=self._token == 0)
        if self.tabs.currentIndex() == ATTENTION:
            self._show_tints()

    def _tell(self) -> None:
        text = self.shown
        if text is None:
            return
        perplexity, count = text.perplexity, f"{len(text.tokens):,}"
        value, rate = "" if perplexity is None else perplexity_shown(perplexity), f"{text.tokens_per_s:,.0f}"
        if perplexity is None:
            say(self.summary.setText, "{count} tokens", count=count)
        elif not text.tokens_per_s:
            say(self.summary.setText, "{count} tokens · perplexity {value}", count=count, value=value)
        else:
            say(
                self.summary.setText,
                "{count} tokens · perplexity {value} · written at {rate} tokens/s",
                count=count,
                value=value,
                rate=rate,
            )
        self.more_button.setEnabled(text.state != "growing" and bool(text.tokens) and not text.ended)
        tip = "The text has come to its end." if text.ended else "Writes on from the end of this text."
        say(self.more_button.setToolTip, tip)

    # -- tints --------------------------------------------------------------------------------------------

    @property
    def _shade(self) -> str:
        return "accent" if self._by_attention() else "warning"

    def _by_attention(self) -> bool:
        return self.tabs.currentIndex() == ATTENTION and self.attention.weights(self._token) is not None

    def _tints(self) -> list[float]:
        """Returns how strongly each token is tinted, in [0, 1]."""
        tokens = self.shown.tokens if self.shown is not None else []
        weights = self.attention.weights(self._token) if self._by_attention() else None
        if weights is not None:
            most = max(float(np.max(weights)), 1e-6)
            found = [float(weight) / most for weight in weights[: len(tokens)]]
            return found + [0.0] * (len(tokens) - len(found))
        return [tint_of(token, str(self.tint.currentData())) for token in tokens]

    @Slot()
    def _show_tints(self) -> None:
        if self.shown is not None and self.text.count == len(self.shown.tokens):
            self.text.show_tints(self._tints(), self._shade)

    @Slot()
    def _show_tab(self) -> None:
        self._show_tints()
        if self.tabs.currentIndex() == ATTENTION:
            self._want_attention()

    def _want_attention(self) -> None:
        text = self.shown
        if text is not None and not text.examined and text.state != "growing" and text.tokens:
            self.attention_wanted.emit(text)

    # -- what the user asks -------------------------------------------------------------------------------

    @Slot(int)
    def _ask_for_branch(self, alternative: int) -> None:
        self.text.setFocus()  # which the button would leave to its neighbour
        if self.shown is not None and self._token >= 0:
            self.branch_wanted.emit(self.shown, self._token, alternative)

    @Slot()
    def _ask_for_more(self) -> None:
        self.text.setFocus()
        if self.shown is not None:
            self.more_wanted.emit(self.shown)

    @Slot()
    def _copy(self) -> None:
        if self.shown is not None:
            QGuiApplication.clipboard().setText(self.shown.text)

    @Slot()
    def _save(self) -> None:
        if self.shown is not None:
            self.save_requested.emit(self.shown)

    @Slot()
    def _name(self) -> None:
        names: Sequence[str] = (mark("Token"), mark("Attention"), mark("All texts"))
        for place, name in enumerate(names):
            self.tabs.setTabText(place, tr(name))
        with QSignalBlocker(self.tint):
            for place, name in enumerate(TINTS.values()):
                self.tint.setItemText(place, tr(name))


def shown_piece(token: Token) -> str:
    """Returns what is shown of a token: the end token writes nothing, and is shown as a sign."""
    return "■ " if ends_text(token) else token.piece


def tint_of(token: Token, by: str) -> float:
    """Returns how strongly a token is tinted, in [0, 1].

    Args:
        token: what is known of it.
        by: key of `TINTS`.
    """
    if token.probability is None or by == "none":
        return 0.0
    if by == "entropy":
        return min(1.0, token.entropy / UNDECIDED_NATS)
    if by == "rank":
        return min(1.0, float(np.log(max(1, token.rank)) / np.log(LOWEST_RANK)))
    return 1.0 - token.probability
