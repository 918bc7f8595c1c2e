"""Which text to look at through the eyes of a GPT-2."""

from __future__ import annotations

from core.settings.base import Settings, setting


class ExamineTextSettings(Settings):
    """A look at each token of a text: how probable it was, and what it attends to."""

    model: str = setting(..., "Model", "A trained run, or the folder of a GPT-2.", kind="run")
    text: str = setting("", "Text", "The text to examine.")
    text_ids: tuple[int, ...] = setting(
        (), "Text tokens", "The token ids to examine, in place of the text.", advanced=True, max_length=100_000
    )
    alternatives: int = setting(
        10,
        "Alternatives",
        "How many of the most probable tokens are reported for each token.",
        unit="tokens",
        ge=0,
        le=100,
    )
    attention: bool = setting(True, "Attention", "Whether the attention of each layer and head is reported.")
