"""Gets the language model of a run: from memory, its folder, or its checkpoints where it was cut off since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.context import Context
from core.inference.cached import cached
from core.inference.trained import MODELS_KEPT, newest_model, stamp
from core.models.gpt2.folder import Gpt2
from core.models.gpt2.gpt2 import build
from core.models.gpt2.language import kept_language
from core.models.gpt2.saved import TextDescription, load_text_model
from core.models.shared.variables import named_variables, write_variables
from core.runs.run import Run


def trained_text_model(run: Run, context: Context) -> tuple[Gpt2, TextDescription]:
    """Returns the run's model, from memory where it is unchanged since it was last used; see `newest_model`.

    Raises:
        UserError: there is none, or it is damaged.
    """
    record = run.record()

    def from_checkpoint(epochs: int, values: Mapping[str, np.ndarray]) -> tuple[Gpt2, TextDescription]:
        language = kept_language(run)
        if language is None:
            raise ValueError("its tokenizer is missing")
        model = build(language.architecture, language.tokenizer.size)
        write_variables(named_variables(model), values)
        architecture = language.architecture.model_dump(mode="json")
        description = TextDescription(record.job.model, record.job.settings, architecture, epochs)
        return Gpt2(model, language.architecture, language.tokenizer), description

    key = (str(run.folder), record.status == "done", stamp(run))
    return cached(
        context,
        "text models",
        key,
        MODELS_KEPT,
        lambda: newest_model(run, record, context, load_text_model, from_checkpoint),
    )
