"""The table of panels, in the order of the rail. Adding one is one file and one row."""

from __future__ import annotations

from desktop_app.panel import Panel
from desktop_app.panels.captioning import CaptioningPanel
from desktop_app.panels.classification import ClassificationPanel
from desktop_app.panels.generation import GenerationPanel
from desktop_app.panels.training import TrainingPanel

PANELS: tuple[type[Panel], ...] = (TrainingPanel, ClassificationPanel, GenerationPanel, CaptioningPanel)
