"""What is looked at before a backend is loaded or a run made, so that a mistake costs neither."""

from __future__ import annotations

from core import catalog
from core.context import Context
from core.runs.find_extractor import find_extractor
from core.settings.base import Settings
from core.settings.dcgan import AdversarialFitSettings
from core.settings.evaluate import EvaluateSettings


def check_job(settings: Settings, context: Context) -> None:
    """Looks at what a training learns from, or an evaluation is to score, as the model's kind says.

    Args:
        settings: the job's.
        context: the job's.

    Raises:
        UserError: nothing can be made of it.
        CancelledError: the user has asked the job to stop.
    """
    if context.job.row.writes_run:
        for check in catalog.kind_of(context.job.model).checks:
            catalog.load(check)(settings, context)
    elif isinstance(settings, EvaluateSettings) and settings.data:
        trained = context.workspace.find(settings.run).record().job
        other = trained.typed_settings().model_copy(update={"data": settings.data})
        catalog.load(catalog.kind_of(trained.model).check_other)(other, context)


def check_extractor(settings: AdversarialFitSettings, context: Context) -> None:
    """Looks whether the feature extractor that a GAN's training names is there; raises `UserError`."""
    find_extractor(settings.judge, context.workspace)
