"""A trained language model on disk: a sealed Hugging Face folder of GPT-2, with a description of ours beside it.

What it holds: config.json, model.safetensors, vocab.json, merges.txt, and model.json, which says how it was trained.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files.atomic import path_exists
from core.files.migrations import migrate
from core.files.sealed import DamagedError, seal, unseal_versioned
from core.models.gpt2.folder import Gpt2, gpt2_files, open_gpt2
from core.models.shared.formats import format_of, migrations_of

DESCRIPTION = "model.json"


@dataclass(frozen=True)
class TextDescription:
    """How a language model was trained.

    Args:
        model: str, a key of `catalog.MODELS`.
        settings: dict, the values of the Settings it was trained with.
        architecture: dict, the values of its `Gpt2Settings`; those of the folder it went on from, where there was one.
        epochs: int, epochs trained when these weights were taken.
    """

    model: str
    settings: dict[str, Any]
    architecture: dict[str, Any]
    epochs: int = 0


def save_text_model(folder: Path, gpt2: Gpt2, description: TextDescription) -> None:
    """Writes the model's folder in one step, replacing an older one.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    content = json.dumps(asdict(description), indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    files = {**gpt2_files(gpt2.model, gpt2.settings, gpt2.tokenizer), DESCRIPTION: content}
    seal(folder, files, format_of(description.model))


def is_text_model(folder: Path) -> bool:
    """Whether a folder, a run's or a copy of it, was written by `save_text_model`; opens nothing."""
    return path_exists(folder / DESCRIPTION) and path_exists(folder / "merges.txt")


def load_text_model(folder: Path) -> tuple[Gpt2, TextDescription]:
    """Opens the model's folder.

    Raises:
        UserError: there is no model, a file has changed since it was written, or a newer version has written it.
    """
    if not folder.is_dir():
        raise UserError(
            "'{run}' holds no trained model yet.",
            hint="Resume the run, or let it train for at least one epoch.",
            run=folder.parent,
        )
    try:
        version, contents = unseal_versioned(folder)
        # The weights lie as Hugging Face has them, from where they find into any version of the model.
        read = {"description": json.loads(contents[DESCRIPTION]), "variables": {}}
        read = migrate({"format": version, **read}, migrations_of(read["description"]["model"]), folder)
        description = TextDescription(**read["description"])
    except (DamagedError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The model in '{folder}' is damaged: {reason}.",
            hint="Resume the run to write it again, or restore it from a copy.",
            folder=folder,
            reason=error,
        ) from error
    return open_gpt2(folder), description
