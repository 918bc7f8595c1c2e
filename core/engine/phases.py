"""What the user reads for the phases that tasks report: in English on a terminal, translated in the window."""

from __future__ import annotations

from core.events import Progress

PHASES = {
    "import": "Loading {detail}",
    "scan": "Looking through the data",
    "decode": "Reading pictures",
    "read": "Reading texts",
    "check": "Checking pictures",
    "load": "Loading the model",
    "build": "Building the model",
    "compile": "Preparing the first step",
    "train": "Training",
    "validate": "Validating",
    "tokenize": "Splitting texts into tokens",
    "merge": "Learning the tokenizer",
    "evaluate": "Scoring the test split",
    "classify": "Classifying",
    "draw": "Drawing pictures",
    "stylize": "Painting",
    "inpaint": "Searching for what fits the hole",
    "compare": "Looking for copies of training pictures",
    "judge": "Training the feature extractor",
    "measure": "Measuring the pictures",
    "write": "Writing",
    "examine": "Examining the text",
    "report": "Writing the report",
    "save": "Saving",
}


def phase_text(progress: Progress) -> str:
    """Returns what is being done, such as "Training: epoch 3 of 12"."""
    template = PHASES.get(progress.phase, progress.phase.capitalize())
    if "{detail}" in template:
        return template.format(detail=progress.detail)
    return f"{template}: {progress.detail}" if progress.detail else template
