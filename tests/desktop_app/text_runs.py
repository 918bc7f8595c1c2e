"""Runs of a GPT-2 in a workspace, and what an engine reports of its texts, for tests of the window."""

from __future__ import annotations

import numpy as np

from core.events import Images, Status, Text
from core.jobs import Job
from core.runs.run import Run, Workspace

VOCABULARY = ["<|endoftext|>", "a", " red", " blue", " circle", " square", "\n"]


def make_text_run(workspace: Workspace, name: str = "") -> Run:
    """Makes the folder of a run that is done; it holds no weights, so that only a fake engine can use it."""
    run, _ = workspace.create_run(
        Job(task="train", model="gpt2", settings={"data": "shapes"}, name=name, backend="tensorflow")
    )
    run.update(status="done", result={"kept_epoch": 2, "epochs": 2})
    run.model_folder.mkdir()
    (run.model_folder / "model.json").write_text("{}")
    return run


def row(token: int) -> dict:
    """A token as the tasks name it."""
    return {"token": token, "text": VOCABULARY[token], "piece": "" if token == 0 else VOCABULARY[token]}


def view(token: int, probability: float = 0.5) -> dict:
    """A token with what the model thought of it: token 3 was the most probable but one."""
    return {
        "token": token,
        "text": VOCABULARY[token],
        "probability": probability,
        "rank": 1,
        "entropy": 0.7,
        "alternatives": [
            {"token": other, "text": VOCABULARY[other], "probability": share}
            for other, share in ((token, probability), (3, 0.25), (5, 0.125))
        ],
    }


def prompted(*tokens: int, number: int = 0) -> Text:
    """The prompt, as it is told before anything is written."""
    return Text("", "prompt", {"number": number, "tokens": [row(token) for token in tokens]})


def wrote(*tokens: int, number: int = 0) -> list[Text]:
    """Tokens, as they are told when they are written."""
    return [Text(row(token)["piece"], details={"number": number, **view(token)}) for token in tokens]


def finished() -> Status:
    """The end of a writing."""
    return Status("finished", result={"tokens_per_s": 50.0})


def examined(*tokens: int, layers: int = 2, heads: int = 2) -> list:
    """What comes of a look at all tokens: each looks at itself alone in head 0, at the first alone in head 1."""
    count = len(tokens)
    own, first = np.eye(count), np.zeros((count, count))
    first[:, 0] = 1.0
    pictures = [
        np.round(255 * (own, first)[head])[..., None].astype(np.uint8) for _ in range(layers) for head in range(heads)
    ]
    details = [{"layer": layer, "head": head} for layer in range(layers) for head in range(heads)]
    views = [row(tokens[0]), *({**row(token), **view(token)} for token in tokens[1:])]
    return [Images("attention", tuple(pictures), tuple(details)), Status("finished", result={"views": views})]
