"""How large a GAN would be, before it is trained."""

from __future__ import annotations

from typing import Any

from core.context import Context
from core.models.dcgan import fitting_side
from core.models.shared.describe import describe_pictures
from core.settings.dataset import DatasetSettings


def describe_gan(settings: DatasetSettings, context: Context) -> dict[str, Any]:
    """Builds the job's GAN at the side that it would draw at; see `describe_pictures`."""
    return describe_pictures(settings, context, fitting_side)
