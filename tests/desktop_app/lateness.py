"""How late the window's event loop is: a 5 ms timer that notes when it was really called."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot

PERIOD_S = 0.005
SCHEDULER = Path("/proc/thread-self/schedstat")  # Linux: ns worked, ns waited for a processor, turns


def _waited_s() -> float:
    """Returns how long other programs had the processor while this thread was ready; 0 where no system tells."""
    return int(SCHEDULER.read_text().split()[1]) / 1e9 if SCHEDULER.exists() else 0.0


class Lateness(QObject):
    """Measures while it lives; `p99_ms` and `worst_ms` tell."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.late_ms: list[float] = []
        self.held_ms: list[float] = []  # the same without what others' work adds to it
        self.busy_ms: list[float] = []  # what the window itself worked meanwhile
        self._last = time.perf_counter()
        self._waited = _waited_s()
        self._worked = time.thread_time()
        self._timer = QTimer(self, interval=round(PERIOD_S * 1000), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)
        self._timer.start()

    @Slot()
    def _note(self) -> None:
        now = time.perf_counter()
        waited = _waited_s()
        late = now - self._last - PERIOD_S
        self.late_ms.append(max(0.0, late * 1000))
        self.held_ms.append(max(0.0, (late - waited + self._waited) * 1000))
        self._last, self._waited = now, waited
        worked = time.thread_time()
        self.busy_ms.append((worked - self._worked) * 1000)
        self._worked = worked

    def stop(self) -> None:
        """Ends the measuring."""
        self._timer.stop()

    def p99_ms(self) -> float:
        """Lateness that 99 of 100 calls stay below."""
        return p99(self.late_ms)

    def report(self) -> str:
        """All figures in one line."""
        return (
            f"late p99 {self.p99_ms():.1f} ms, worst {self.worst_ms():.1f} ms; "
            f"own work p99 {p99(self.busy_ms):.1f} ms, worst {max(self.busy_ms):.1f} ms; {len(self.busy_ms)} calls"
        )

    def worst_ms(self) -> float:
        """The largest lateness."""
        return max(self.late_ms)


def p99(values: list[float]) -> float:
    """Returns what 99 of 100 of the values stay below."""
    return sorted(values)[int(len(values) * 0.99)]
