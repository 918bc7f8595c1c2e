"""What to write, with which GPT-2, and how its next token is chosen."""

from __future__ import annotations

from pydantic import model_validator

from core.settings.base import Settings, setting


class GenerateTextSettings(Settings):
    """Writing with a GPT-2."""

    model: str = setting(..., "Model", "A trained run, or the folder of a GPT-2.", kind="run")
    prompts: tuple[str, ...] = setting(("",), "Prompt", "What the text begins with; several make several texts.")
    prompt_ids: tuple[int, ...] = setting(
        (), "Prompt tokens", "Token ids to go on from, in place of the prompt.", advanced=True, max_length=100_000
    )
    max_tokens: int = setting(
        64, "Longest", "How many tokens are written at most.", unit="tokens", group="Text", ge=1, le=8192
    )
    count: int = setting(1, "Texts", "How many texts are written for each prompt.", group="Text", ge=1, le=1000)
    stop: tuple[str, ...] = setting((), "Stop words", "Words that end a text where they occur.", group="Text")
    temperature: float = setting(
        1.0,
        "Temperature",
        "Below 1, probable tokens become more probable still; above 1, less. 0 always chooses the most probable.",
        group="Sampling",
        ge=0.0,
        le=10.0,
    )
    top_k: int = setting(
        0,
        "Top k",
        "Only so many of the most probable tokens may come next; 0 sets no bound.",
        unit="tokens",
        group="Sampling",
        ge=0,
        le=1_000_000,
    )
    top_p: float = setting(
        1.0,
        "Top p",
        "Only the most probable tokens that make up this share of the probability may come next.",
        group="Sampling",
        gt=0.0,
        le=1.0,
    )
    repetition_penalty: float = setting(
        1.0,
        "Repetition penalty",
        "Above 1, tokens that already occur in the text become less probable.",
        group="Sampling",
        gt=0.0,
        le=10.0,
    )
    beams: int = setting(
        1,
        "Beams",
        "Above 1: beam search with so many beams, which looks for the most probable texts; nothing is sampled.",
        group="Search",
        ge=1,
        le=256,
    )
    length_penalty: float = setting(
        1.0,
        "Length penalty",
        "A beam's log probability is divided by its length to this power; 0 favours short texts.",
        group="Search",
        advanced=True,
        ge=0.0,
        le=10.0,
    )
    contrastive: float = setting(
        0.0,
        "Contrastive penalty",
        "Above 0: contrastive search, which chooses among the top k tokens (4 where unset) and penalises repetition.",
        group="Search",
        ge=0.0,
        le=1.0,
    )
    alternatives: int = setting(
        0,
        "Alternatives",
        "How many of the most probable tokens are reported for each token that is written.",
        unit="tokens",
        group="Token view",
        ge=0,
        le=100,
    )

    views: bool = setting(
        True,
        "Views in the result",
        "Whether the result also holds the alternatives of all tokens, which were reported as they came.",
        group="Token view",
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_way_of_searching(self) -> GenerateTextSettings:
        if self.beams > 1 and self.contrastive > 0.0:
            raise ValueError("beams and contrastive search are two ways of writing: choose one")
        if 1 < self.beams < self.count:
            raise ValueError(f"beams must be at least count, {self.count}, or 1: each beam gives one text")
        if self.contrastive > 0.0 and self.count > 1:
            raise ValueError("contrastive search finds one text: count must be 1")
        if not self.prompts:
            raise ValueError("there must be a prompt; it may be empty")
        return self
