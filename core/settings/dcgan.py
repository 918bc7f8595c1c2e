"""The DCGAN's two networks, how they are trained against each other, and the settings of the whole training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from core.settings.base import Settings, setting
from core.settings.dataset import DatasetSettings

FEWEST_DECIDING = 50  # pictures on each side; of fewer the distances of two generators differ by chance


class DcganSettings(Settings):
    """A generator and a discriminator made of strided convolutions."""

    size: Literal["tiny", "fast", "strong"] = setting(
        "fast",
        "Size",
        "tiny is for small grey pictures on a CPU; fast suits 32 px on a CPU; strong wants a GPU.",
        group="Model",
    )
    conditional: bool = setting(
        True, "By class", "Learns to draw each class on demand, where the data has classes.", group="Model"
    )
    latent: int = setting(
        64, "Latent size", "Random numbers from which a picture is drawn.", unit="numbers", group="Model", ge=2, le=1024
    )
    filters: int = setting(
        32,
        "Filters",
        "Feature maps at half the picture side; each further halving doubles them.",
        group="Model",
        ge=4,
        le=256,
    )
    spectral_norm: bool = setting(
        True,
        "Spectral norm",
        "Spectral normalisation bounds how much each layer of the discriminator amplifies its input: "
        "steadier training.",
        group="Model",
    )


class AdversarialFitSettings(Settings):
    """Training of two networks against each other."""

    epochs: int = setting(
        100,
        "Epochs",
        "How many times the training goes through all training pictures.",
        unit="epochs",
        group="Training",
        ge=1,
        le=100_000,
    )
    batch_size: int = setting(
        64,
        "Batch size",
        "Pictures a training step; lower it when the memory runs out.",
        unit="pictures",
        group="Training",
        ge=2,
        le=4096,
    )
    loss: Literal["non-saturating", "least-squares", "hinge", "wasserstein"] = setting(
        "hinge",
        "Loss",
        "The adversarial loss; wasserstein adds a gradient penalty and needs several critic steps.",
        group="Training",
    )
    lr: float = setting(
        2e-4, "Generator's learning rate", "Learning rate of the generator.", group="Training", gt=0.0, le=1.0
    )
    lr_discriminator: float = setting(
        4e-4,
        "Discriminator's learning rate",
        "Learning rate of the discriminator; training is steadier where it is higher than the generator's.",
        group="Training",
        gt=0.0,
        le=1.0,
    )
    falling: float = setting(
        0.5,
        "Learning rate decay",
        "Over this last share of the training both learning rates fall linearly to zero; 0 keeps them constant.",
        group="Training",
        ge=0.0,
        le=1.0,
    )
    beta_1: float = setting(
        0.5,
        "Momentum",
        "Adam's beta 1, its memory of past gradients; 0.5 or less is usual for GANs.",
        group="Training",
        advanced=True,
        ge=0.0,
        lt=1.0,
    )
    critic_steps: int = setting(
        1,
        "Critic steps",
        "Steps of the discriminator for each of the generator; 5 is usual with wasserstein.",
        unit="steps",
        group="Training",
        advanced=True,
        ge=1,
        le=20,
    )
    gradient_penalty: float = setting(
        10.0,
        "Gradient penalty",
        "Weight of the gradient penalty, which keeps the gradient norm of the wasserstein critic near 1.",
        group="Training",
        advanced=True,
        ge=0.0,
        le=1000.0,
    )
    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        "One-sided, for the non-saturating and least-squares losses: the target of real pictures is 1 less this.",
        group="Training",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    ema: float = setting(
        0.995,
        "Weight averaging",
        "Decay of the moving average of the generator's weights, which are the ones that are kept; 0 "
        "keeps the last step's.",
        group="Training",
        advanced=True,
        ge=0.0,
        lt=1.0,
    )
    augment: Literal["none", "translate", "translate+cutout", "colour+translate+cutout"] = setting(
        "translate",
        "Differentiable augmentation",
        "Augments real and drawn pictures alike before the discriminator sees them; more helps small data sets.",
        group="Augmentation",
    )
    flip: bool = setting(
        False,
        "Flip",
        "Mirrors half the pictures left to right while training; wrong for digits, letters and other one-sided things.",
        group="Augmentation",
    )
    measure_epochs: int = setting(
        5,
        "Measure every",
        "How often FID, KID and Inception Score are measured, against validation or training "
        "pictures; 0 measures at the end only.",
        unit="epochs",
        group="Measuring",
        ge=0,
        le=10_000,
    )
    measure_count: int = setting(
        1000,
        "Pictures measured",
        "How many drawn pictures are compared with as many real ones; of those at most twice as many are used.",
        unit="pictures",
        group="Measuring",
        advanced=True,
        ge=16,
        le=50_000,
    )
    judge: str = setting(
        "",
        "Feature extractor",
        "The network whose features FID and KID compare: a trained classifier's run, or a file of InceptionV3 "
        "weights; empty trains a small classifier on the same data.",
        group="Measuring",
        kind="judge",
        advanced=True,
    )
    keep: Literal["best", "last"] = setting(
        "best",
        "Keep",
        "Which epoch's weights become the model: of those measured the one with the lowest FID (the last where there "
        "are too few pictures to decide), or the last.",
        group="Training",
        advanced=True,
    )
    snapshots: int = setting(
        10,
        "Snapshots",
        "Stages of the generator that are kept, to draw the same picture at different ages.",
        unit="stages",
        group="Measuring",
        advanced=True,
        ge=0,
        le=100,
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


class GanTraining(AdversarialFitSettings, DatasetSettings):
    """Training of any GAN: its data and its fit."""


class DcganTraining(DcganSettings, GanTraining):
    """Training of a DCGAN."""

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "tiny": {"filters": 16},
        "fast": {"filters": 32},
        "strong": {"filters": 64, "latent": 128, "epochs": 200},
    }
