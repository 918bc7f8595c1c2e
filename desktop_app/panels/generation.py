"""The generation panel. It says what will be there."""

from __future__ import annotations

from desktop_app.panel import Panel, Studio
from desktop_app.translation import mark
from desktop_app.widgets.coming_soon import ComingSoon
from desktop_app.widgets.elements import column


class GenerationPanel(Panel):
    """Will make new pictures and texts."""

    key = "generation"
    title = mark("Generation")
    icon = "generation"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.setLayout(
            column(
                ComingSoon(
                    self.icon,
                    mark("New pictures from your own"),
                    mark("Here you will train a model on your pictures and let it draw new ones, step by step."),
                )
            )
        )
