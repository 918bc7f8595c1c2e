"""Gets the language model of a run: from memory, its folder, or its checkpoints where it was cut off since."""

from __future__ import annotations

from core.context import Context
from core.errors import UserError
from core.events import Log, Progress
from core.models.gpt2 import build
from core.models.gpt2_folder import Gpt2
from core.models.saved_text import TextDescription, load_text_model
from core.models.variables import named_variables, write_variables
from core.runs import Run, RunRecord
from core.tasks.language import kept_language
from core.tasks.trained import MODELS_KEPT, stamp
from core.training.checkpoints import Checkpoints


def trained_text_model(run: Run, context: Context) -> tuple[Gpt2, TextDescription]:
    """Returns the run's model, from memory where it is unchanged since it was last used.

    A run that is not done may have gone on after its model was saved, and been cut off: where its checkpoints know
    more epochs, their weights are taken, which is told.

    Raises:
        UserError: there is none, or it is damaged.
    """
    record = run.record()
    key = (str(run.folder), record.status == "done", stamp(run))
    kept: dict[object, tuple[Gpt2, TextDescription]] = context.cache.setdefault("text models", {})
    if key not in kept:
        context.report(Progress("load"))
        kept[key] = _load(run, record, context)
    kept[key] = kept.pop(key)  # the last used stand last
    while len(kept) > MODELS_KEPT:
        kept.pop(next(iter(kept)))
    return kept[key]


def _load(run: Run, record: RunRecord, context: Context) -> tuple[Gpt2, TextDescription]:
    saved = load_text_model(run.model_folder) if run.model_folder.is_dir() else None
    if saved is not None and record.status == "done":
        return saved
    # A training that diverged has saved its best epoch, whatever it was asked to keep.
    best = record.job.settings.get("keep") == "best" or (saved is not None and record.status == "failed")
    found = Checkpoints(run.checkpoints, context.report).weights_to_keep(best=best)
    language = kept_language(run)
    if found is None or language is None or (saved is not None and found[0] <= saved[1].epochs):
        return saved or load_text_model(run.model_folder)  # which says that there is none
    epochs, values = found
    try:
        model = build(language.architecture, language.tokenizer.size)
        write_variables(named_variables(model), values)
    except ValueError as error:
        raise UserError(
            "The checkpoints of the run '{run}' do not belong to it: {reason}.",
            hint="Resume the run, or restore it from a copy.",
            run=run.id,
            reason=error,
        ) from error
    context.report(
        Log(
            "The run has saved no model yet: its checkpoint's weights are used (epochs done: {epochs})."
            if saved is None
            else "The run was cut off after it went on: its checkpoint's weights are used (epochs done: {epochs}).",
            "warning",
            {"epochs": epochs},
        )
    )
    architecture = language.architecture.model_dump(mode="json")
    description = TextDescription(record.job.model, record.job.settings, architecture, epochs)
    return Gpt2(model, language.architecture, language.tokenizer), description
