"""How late the window's event loop is: a 5 ms timer that notes when it was really called."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Slot

PERIOD_S = 0.005


class Lateness(QObject):
    """Measures while it lives; `p99_ms` and `worst_ms` tell."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.late_ms: list[float] = []
        self.busy_ms: list[float] = []  # what the window itself worked meanwhile; the rest it waited for a processor
        self._last = time.perf_counter()
        self._worked = time.thread_time()
        self._timer = QTimer(self, interval=round(PERIOD_S * 1000), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)
        self._timer.start()

    @Slot()
    def _note(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, (now - self._last - PERIOD_S) * 1000))
        self._last = now
        worked = time.thread_time()
        self.busy_ms.append((worked - self._worked) * 1000)
        self._worked = worked

    def stop(self) -> None:
        """Ends the measuring."""
        self._timer.stop()

    def p99_ms(self) -> float:
        """Lateness that 99 of 100 calls stay below."""
        return sorted(self.late_ms)[int(len(self.late_ms) * 0.99)]

    def busy_p99_ms(self) -> float:
        """Own work between two calls that 99 of 100 stay below. Other programs add nothing to it."""
        return sorted(self.busy_ms)[int(len(self.busy_ms) * 0.99)]

    def report(self) -> str:
        """All figures in one line."""
        return (
            f"late p99 {self.p99_ms():.1f} ms, worst {self.worst_ms():.1f} ms; "
            f"own work p99 {self.busy_p99_ms():.1f} ms, worst {max(self.busy_ms):.1f} ms; {len(self.busy_ms)} calls"
        )

    def worst_ms(self) -> float:
        """The largest lateness."""
        return max(self.late_ms)
