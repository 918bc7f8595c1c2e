"""How a model is fitted: epochs, optimizer, schedule, what is kept. Every model that `fit` trains builds on this."""

from __future__ import annotations

from typing import Literal

from core.settings.base import Settings, setting


class FitSettings(Settings):
    """Fitting of a model."""

    epochs: int = setting(
        12,
        "Epochs",
        "How many times the training goes through all training samples.",
        unit="epochs",
        group="Training",
        ge=1,
        le=10_000,
    )
    batch_size: int = setting(
        64,
        "Batch size",
        "Samples a training step; lower it when the memory runs out.",
        unit="samples",
        group="Training",
        ge=1,
        le=8192,
    )
    optimizer: Literal["adamw", "sgd"] = setting(
        "adamw", "Optimizer", "AdamW suits most; sgd is gradient descent with momentum.", group="Training"
    )
    lr: float = setting(
        2e-3,
        "Learning rate",
        "Highest learning rate; about 0.001 for adamw and 0.1 for sgd.",
        group="Training",
        gt=0.0,
        le=10.0,
    )
    schedule: Literal["cosine", "constant"] = setting(
        "cosine",
        "Schedule",
        "Whether the learning rate falls to zero along a cosine or stays, after the warm-up.",
        group="Training",
    )
    warmup_epochs: float = setting(
        1.0,
        "Warm-up",
        "The learning rate rises from zero over this time; 0 leaves it out.",
        unit="epochs",
        group="Training",
        advanced=True,
        ge=0.0,
        le=1000.0,
    )
    weight_decay: float = setting(
        0.01,
        "Weight decay",
        "Pulls weights towards zero, decoupled from the gradient; biases, norms and position embeddings are left out.",
        group="Training",
        advanced=True,
        ge=0.0,
        le=1.0,
    )
    clip_norm: float = setting(
        0.0,
        "Gradient clipping",
        "A gradient whose norm is larger than this is scaled down to it; 0 is off.",
        group="Training",
        advanced=True,
        ge=0.0,
        le=1000.0,
    )
    momentum: float = setting(
        0.9, "Momentum", "For sgd (Nesterov) only.", group="Training", advanced=True, ge=0.0, lt=1.0
    )
    keep: Literal["best", "last"] = setting(
        "best",
        "Keep",
        "Which epoch's weights become the model: the best on the validation split, or the last.",
        group="Training",
        advanced=True,
    )
    early_stopping: bool = setting(
        False,
        "Early stopping",
        "Ends the training once the validation loss has not improved for as long as the patience.",
        group="Training",
    )
    patience: int = setting(
        10,
        "Patience",
        "How long early stopping waits for a better epoch.",
        unit="epochs",
        group="Training",
        advanced=True,
        ge=1,
        le=1000,
    )
    checkpoint_s: float = setting(
        300.0,
        "Checkpoint interval",
        "Within a long epoch a checkpoint is written this often; one is always written at its end.",
        unit="s",
        group="Training",
        advanced=True,
        ge=1.0,
        le=86_400.0,
    )
