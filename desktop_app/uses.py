"""What a trained model is good for: which panel uses it, and what the button says. It must not know a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import catalog
from desktop_app.translation import mark


@dataclass(frozen=True)
class Use:
    """Where to go on with a model.

    Args:
        panel: str, key of the panel.
        caption: str, English, of the button.
        icon: str, file name in resources/icons.
    """

    panel: str
    caption: str
    icon: str


USES: Mapping[str, Use] = {
    "classifier": Use("classification", mark("Classify with it"), "classification"),
    "gan": Use("generation", mark("Draw with it"), "generation"),
    "text": Use("generation", mark("Write with it"), "text"),
}


def kind_of(model: str) -> str:
    """Returns the kind of a model by its key; "" for one that this version doesn't know."""
    return catalog.MODELS[model].kind if model in catalog.MODELS else ""
