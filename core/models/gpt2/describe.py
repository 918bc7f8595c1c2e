"""Computes how large a language model would be, before it is trained."""

from __future__ import annotations

from typing import Any

from core.context import Context
from core.files.atomic import path_of
from core.models.gpt2.config import read_config
from core.models.gpt2.gpt2 import build
from core.models.gpt2.language import BYTES_TO_TRAIN
from core.models.shared.size import check_size, count_parameters
from core.settings.gpt2 import Gpt2Settings
from core.settings.text_fit import Gpt2Training
from core.text.tokenizer.tokenizer import Tokenizer


def describe_text(settings: Gpt2Training, context: Context) -> dict[str, Any]:
    """Counts the parameters of the job's model; opens no texts.

    A tokenizer that is still to be learned is taken to become as large as it may.

    Returns:
        {"parameters", "flops", "file_bytes", "context", "vocabulary"}; FLOPs for one token at the context's end, two
        a multiply-add.

    Raises:
        UserError: the folder named holds no GPT-2 or no tokenizer, or the model is larger than the memory allows.
    """
    architecture = Gpt2Settings.parse(settings.model_dump(include=set(Gpt2Settings.model_fields)))
    vocabulary = settings.vocabulary
    if settings.gpt2:
        config = read_config(path_of(settings.gpt2))
        architecture, vocabulary = config.settings, config.vocabulary_size
    elif settings.tokenizer:
        vocabulary = Tokenizer.load(path_of(settings.tokenizer)).size
    context.check()
    parameters = count_parameters(lambda: build(architecture, vocabulary))
    check_size(parameters, bytes_each=BYTES_TO_TRAIN)
    width, inner = architecture.width, architecture.mlp_width or 4 * architecture.width
    # Query, key, value and output; scores and weighted sum over the context; the MLP; then the head.
    layer = 4 * width * width + 2 * architecture.context * width + 2 * width * inner
    return {
        "parameters": parameters,
        "flops": 2 * (architecture.layers * layer + width * vocabulary),
        "file_bytes": 4 * parameters,
        "context": architecture.context,
        "vocabulary": vocabulary,
    }
