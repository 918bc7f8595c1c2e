"""The captioning panel. It says what will be there."""

from __future__ import annotations

from desktop_app.panel import Panel, Studio
from desktop_app.translation import mark
from desktop_app.widgets.coming_soon import ComingSoon
from desktop_app.widgets.elements import column


class CaptioningPanel(Panel):
    """Will describe pictures and videos in words."""

    key = "captioning"
    title = mark("Captioning")
    icon = "captioning"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.setLayout(
            column(
                ComingSoon(
                    self.icon,
                    mark("Pictures put into words"),
                    mark("Here you will train a model that describes pictures and videos in a sentence."),
                )
            )
        )
