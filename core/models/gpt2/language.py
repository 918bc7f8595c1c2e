"""A run's tokenizer and architecture: found once, kept in the run, so that a training can go on by the same ones."""

from __future__ import annotations

import json
from dataclasses import dataclass

import keras

from core.context import Context
from core.errors import UserError
from core.events import Log
from core.files.atomic import path_of
from core.files.migrations import migrate
from core.files.sealed import DamagedError, seal, unseal_versioned
from core.models.gpt2.folder import open_gpt2
from core.models.gpt2.gpt2 import build
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.size import check_size, count_parameters
from core.runs.run import Run
from core.settings.gpt2 import Gpt2Settings
from core.settings.text_fit import Gpt2Training
from core.text.corpus.corpus import Corpus
from core.text.tokenizer.bpe import train_bpe
from core.text.tokenizer.tokenizer import Tokenizer

FOLDER, ARCHITECTURE = "tokenizer", "architecture.json"
BYTES_TO_TRAIN = 16  # of one parameter: itself, its gradient and two moments


@dataclass(frozen=True, eq=False)
class Language:
    """What a run writes with.

    Args:
        tokenizer: has an end token.
        architecture: of the model.
        model: the weights to go on from, where they are at hand; None where there are none, or a checkpoint has them.
    """

    tokenizer: Tokenizer
    architecture: Gpt2Settings
    model: keras.Model | None = None

    def build(self) -> keras.Model:
        """Returns the model to go on from, or a new one.

        Raises:
            UserError: the computer has too little memory to train it.
        """
        size = self.tokenizer.size
        check_size(count_parameters(lambda: build(self.architecture, size)), bytes_each=BYTES_TO_TRAIN)
        return self.model if self.model is not None else build(self.architecture, size)


def find_language(settings: Gpt2Training, corpus: Corpus, run: Run, context: Context) -> Language:
    """Returns the run's tokenizer and architecture: those it began with, else from the folder named, else new ones.

    Raises:
        UserError: the folder named holds no GPT-2 to train or no tokenizer, or the disk is full.
        CancelledError: the user has asked the job to stop.
    """
    began = any(run.checkpoints.glob("[0-9]*"))
    if began and (kept := kept_language(run)) is not None:
        return kept
    if settings.gpt2:
        found = open_gpt2(settings.gpt2)
        _check_end(found.tokenizer, settings.gpt2)
        language = Language(found.tokenizer, found.settings, found.model)
    else:
        if settings.tokenizer:
            tokenizer = Tokenizer.load(path_of(settings.tokenizer))
            _check_end(tokenizer, settings.tokenizer)
        else:
            tokenizer = train_bpe([passage.text for passage in corpus.splits["train"]], settings.vocabulary, context)
        values = settings.model_dump(include=set(Gpt2Settings.model_fields))
        language = Language(tokenizer, Gpt2Settings.parse(values))
        context.report(Log("The tokenizer has {size} tokens.", values={"size": tokenizer.size}))
    keep_language(run, language)
    return language


def _check_end(tokenizer: Tokenizer, folder: str) -> None:
    if tokenizer.end_id is None:
        raise UserError(
            "The tokenizer of '{folder}' has no end token, which marks where texts end in training.",
            hint="Choose one whose vocabulary holds <|endoftext|>, or have one learnt from your texts.",
            folder=folder,
        )


def keep_language(run: Run, language: Language) -> None:
    """Writes the tokenizer and architecture that the run begins with.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    architecture = json.dumps(language.architecture.model_dump(mode="json"), indent=1).encode()
    files = {**language.tokenizer.files(), ARCHITECTURE: architecture}
    seal(run.folder / FOLDER, files, format_of(run.record().job.model))


def kept_language(run: Run) -> Language | None:
    """Returns the tokenizer and architecture that the run began with; None where it has none yet.

    Raises:
        UserError: they are damaged, or a newer version has written them.
    """
    folder = run.folder / FOLDER
    if not folder.is_dir():
        return None
    try:
        version, contents = unseal_versioned(folder)
        model = run.record().job.model
        description = {"model": model, "settings": {}, "architecture": json.loads(contents[ARCHITECTURE]), "epochs": 0}
        read = migrate({"format": version, "description": description, "variables": {}}, migrations_of(model), folder)
        return Language(Tokenizer.load(folder), Gpt2Settings.parse(read["description"]["architecture"]))
    except (DamagedError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The tokenizer of the run '{run}' is damaged: {reason}.",
            hint="Restore the run from a copy, or start a new one.",
            run=run.id,
            reason=error,
        ) from error
