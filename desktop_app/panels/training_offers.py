"""Offers of the training panel: runs that were cut off, or left waiting, when a window was closed."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.panel import Studio
from desktop_app.store import RunRow
from desktop_app.translation import mark

LOOK_AGAIN_MS = 3000  # while another window's engine writes a run
MOST_DISMISSED = 200


class TrainingOffers(QObject):
    """Finds runs that can go on and asks whether they shall.

    Signals:
        accepted: the `RunRow`s that are to go on, in their order.

    Args:
        studio: what the panels share.
    """

    accepted = Signal(list)

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._offered: set[str] = set()  # runs that need not be offered again by this window
        self._open: list[list[RunRow]] = []  # what the offers that are shown are about
        self._timer = QTimer(self, singleShot=True, interval=LOOK_AGAIN_MS)
        self._timer.timeout.connect(self.look)
        studio.store.interrupted_found.connect(self.offer)
        studio.store.runs_changed.connect(self._watch_others)
        studio.store.runs_changed.connect(self._withdraw)

    @Slot()
    def look(self) -> None:
        """Looks for runs that were cut off."""
        self._studio.store.find_interrupted()

    def end(self) -> None:
        """Looks no more: the window closes."""
        self._timer.stop()

    def forget(self, row: RunRow) -> None:
        """The run goes on: should it be cut off again, that is worth an offer."""
        preferences = self._studio.store.preferences
        preferences.set("dismissed", [known for known in preferences.get("dismissed", []) if known != row.run.id])
        self._offered.discard(row.run.id)

    @Slot(list)
    def offer(self, rows: list[RunRow]) -> None:
        """Offers the newest of the runs that were cut off, the others' turn is another time; and all left waiting."""
        engines = self._studio.engines
        fresh = [row for row in rows if row.run.id not in self._offered and engines.handle(row.job.id) is None]
        self._offered |= {row.run.id for row in fresh}
        cut_off = [row for row in fresh if row.record.status != "queued"]
        waiting = [row for row in fresh if row.record.status == "queued"]
        if cut_off:
            self._offer(
                cut_off[:1], mark("The training '{name}' was cut off. It can go on where it was."), mark("Resume")
            )
        if len(waiting) == 1:
            text = mark("The training '{name}' was still waiting when the window was closed.")
            self._offer(waiting, text, mark("Start"))
        elif waiting:
            text = mark("{count} trainings were still waiting when the window was closed.")
            self._offer(waiting, text, mark("Start"))

    def _offer(self, rows: list[RunRow], text: str, answer: str) -> None:
        preferences = self._studio.store.preferences

        def go_on() -> None:
            self.accepted.emit(self._still(rows)[::-1])  # the one that was queued first, first

        def later() -> None:
            preferences.set(
                "dismissed", [*preferences.get("dismissed", []), *(row.run.id for row in rows)][-MOST_DISMISSED:]
            )

        self._open.append(rows)
        self._studio.messages.show_message(
            text,
            level="warning",
            actions=((answer, go_on), (mark("Not now"), later)),
            about=_about(rows),
            name=rows[0].record.name,
            count=len(rows),
        )

    def _still(self, rows: list[RunRow]) -> list[RunRow]:
        """Those of the rows that can go on yet, as they are now: one may have been deleted or started since."""
        now = [self._studio.store.row(row.run.id) for row in rows]
        handle = self._studio.engines.handle
        return [row for row in now if row is not None and row.resumable and handle(row.job.id) is None]

    @Slot()
    def _withdraw(self) -> None:
        """Takes offers away that nothing is left of."""
        for rows in [rows for rows in self._open if not self._still(rows)]:
            self._open.remove(rows)
            self._studio.messages.withdraw(_about(rows))

    @Slot()
    def _watch_others(self) -> None:
        """Looks again in a while where a run is written by another window's engine: it may be cut off yet."""
        handle = self._studio.engines.handle
        if any(
            row.record.status in ("running", "paused") and handle(row.job.id) is None for row in self._studio.store.rows
        ):
            self._timer.start()


def _about(rows: list[RunRow]) -> str:
    return " ".join(["offer", *(row.run.id for row in rows)])
