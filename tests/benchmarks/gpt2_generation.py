"""How fast GPT-2 writes: Pixelwright beside transformers and CTranslate2, on the same random weights.

    python tests/benchmarks/gpt2_generation.py --backend jax --against transformers --pairs 10
    python tests/benchmarks/gpt2_generation.py --backend jax --against ctranslate2
    python tests/benchmarks/gpt2_generation.py --backend jax --against bare-step      what streaming costs
    python tests/benchmarks/gpt2_generation.py --backend jax --int8 --against ctranslate2-int8
    python tests/benchmarks/gpt2_generation.py --backend jax --lengths                cost of a token as the text grows

124 million weights, greedy, batch 1, 16 tokens in, 64 out. Each side runs in a process of its own, with as many threads
as there are cores; they take turns. Both are warmed up first. The ratio is ours over theirs, in tokens/s: above 1 is
faster. Our side is the whole task: every token reported with its probability, rank, entropy and ten alternatives.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fit_overhead import interval

IN, OUT, OUT_AT_LENGTH = 16, 64, 16
SIZES = {
    "124M": {"layers": 12, "heads": 12, "width": 768, "context": 1024},
    "tiny": {"layers": 2, "heads": 2, "width": 64, "context": 1024},  # to try the benchmark itself
}
LENGTHS = (16, 64, 128, 256, 512, 1008)
PROMPT = [(7919 * place) % 50_000 for place in range(1, IN + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="jax", choices=["tensorflow", "jax", "torch"])
    parser.add_argument(
        "--against", default="transformers", choices=["transformers", "ctranslate2", "ctranslate2-int8", "bare-step"]
    )
    parser.add_argument("--int8", action="store_true", help="quantise our side")
    parser.add_argument("--lengths", action="store_true", help="our side alone, by length of the text")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0, help="least time of each side of a pair")
    parser.add_argument("--size", default="124M", choices=list(SIZES))
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    values = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gpt2-generation-") as place:
        folder = Path(place) / "gpt2"
        with Side(write_folder, folder, SIZES[values.size]) as maker:
            maker.ask("write")
        with Side(OurSide, folder, values.backend, values.int8, values.device) as ours:
            if values.lengths:
                print(json.dumps({"backend": values.backend, "size": values.size, "by_length": ours.ask("lengths")}))
                return
            side, *more = {
                "transformers": (TransformersSide, values.device),
                "ctranslate2": (CTranslate2Side, "float32"),
                "ctranslate2-int8": (CTranslate2Side, "int8"),
                "bare-step": (BareStep, values.backend, values.int8, values.device),
            }[values.against]
            with Side(side, folder, *more) as theirs:
                print(json.dumps(compare(values, ours, theirs)))


def compare(values: argparse.Namespace, ours: Side, theirs: Side) -> dict:
    written = [ours.ask("warm"), theirs.ask("warm")]
    rates = []
    for _ in range(values.pairs):
        pair = tuple(side.ask("rate", values.seconds) for side in (ours, theirs))
        rates.append(pair)
        print(f"{pair[0]:8.2f} {pair[1]:8.2f} tokens/s  ratio {pair[0] / pair[1]:.3f}", file=sys.stderr, flush=True)
    ratios = sorted(one / other for one, other in rates)
    low, high = interval(ratios)
    text = PROMPT + written[1]
    return {
        "backend": values.backend,
        "against": values.against,
        "size": values.size,
        "device": values.device,
        "int8": values.int8,
        "pairs": values.pairs,
        "seconds": values.seconds,
        "ratio": round(statistics.median(ratios), 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "ours_tokens_per_s": round(statistics.median(one for one, _ in rates), 2),
        "theirs_tokens_per_s": round(statistics.median(other for _, other in rates), 2),
        "first_token_s": round(ours.ask("first_token"), 4),
        "same_tokens": sum(one == other for one, other in zip(*written, strict=True)),
        "distinct_tokens": len(set(written[0])),
        # After the same text, do both think the same token the most probable?
        "agreement": sum(a == b for a, b in zip(ours.ask("best", text), theirs.ask("best", text), strict=True))
        / len(text),
    }


class Side:
    """One side in a process of its own. `ask` runs a method of it there.

    Args:
        make: the class, or a function that does all there is to do.
        arguments: what it takes.
    """

    def __init__(self, make, *arguments):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make, arguments))
        self.process.start()
        theirs.close()

    def ask(self, method: str, *arguments):
        self.pipe.send((method, arguments))
        return self.pipe.recv()

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.pipe.close()
        self.process.join()


def serve(pipe, make, arguments):
    side = make(*arguments)
    while True:
        try:
            method, words = pipe.recv()
        except EOFError:
            return
        pipe.send(getattr(side, method)(*words) if method != "write" else None)


def write_folder(folder: Path, size: dict) -> None:
    """A GPT-2 of random weights, large enough that it doesn't say the same word again and again."""
    from core.engine.backend import prepare

    prepare("jax", "cpu", 0)
    import numpy as np

    from core.models.gpt2.folder import gpt2_files
    from core.models.gpt2.gpt2 import build
    from core.settings.gpt2 import Gpt2Settings
    from core.text.tokenizer.tokenizer import BYTE_OF, END, Tokenizer

    signs = sorted(BYTE_OF)
    merges = [(left, right) for left in signs for right in signs][:50_000]
    tokenizer = Tokenizer(
        {token: place for place, token in enumerate([*signs, *(left + right for left, right in merges), END])}, merges
    )
    settings = Gpt2Settings.parse({**size, "dropout": 0.0})
    model = build(settings, tokenizer.size)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        noise = 0.2 if variable.path.startswith("position") else 0.05
        variable.assign(float("gamma" in variable.path) + rng.normal(0, noise, variable.shape).astype(np.float32))
    folder.mkdir()
    for name, content in gpt2_files(model, settings, tokenizer).items():
        (folder / name).write_bytes(content)


class Timed:
    """A side that writes texts; `generate` returns the new tokens."""

    def warm(self) -> list[int]:
        self.generate()
        return self.generate()

    def rate(self, seconds: float) -> float:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            count += len(self.generate())
        return count / (time.perf_counter() - began)


class OurSide(Timed):
    """The task as the window runs it."""

    def __init__(self, folder: Path, backend: str, int8: bool, device: str):
        from core.engine.backend import prepare

        prepare(backend, "cpu" if device == "cpu" else "gpu:0", 0)
        from core.context import Context
        from core.inference.text_model import text_model
        from core.jobs import Job
        from core.runs.run import Workspace

        settings = {"model": str(folder), "prompt_ids": PROMPT, "max_tokens": OUT, "temperature": 0, "alternatives": 10}
        self.job = Job(task="text", settings=settings, backend=backend)
        self.workspace = Workspace(folder.parent / "workspace")
        self.cache, self.events, self.make = {}, 0, Context
        self.gpt2, self.writer, _ = text_model(str(folder), self.context())
        if int8:
            self.gpt2.model.quantize("int8")
            self.cache["writers"].clear()
            _, self.writer, _ = text_model(str(folder), self.context())

    def context(self):
        return self.make(self.job, self.workspace, None, self.listen, self.cache)

    def listen(self, event):
        self.events += 1

    def generate(self) -> list[int]:
        from core.engine.engine import run_job

        ending = run_job(self.context())
        if ending.state != "finished":
            raise RuntimeError(f"{ending.message} {ending.values} {ending.trace}")
        self.first_token_s = ending.result["first_token_s"]
        return ending.result["tokens"][0]

    def first_token(self) -> float:
        return self.first_token_s

    def best(self, ids: list[int]) -> list[int]:
        return self.writer.read(ids).argmax(axis=-1).tolist()

    def lengths(self) -> dict[int, float]:
        """ms a token of texts that are so long already."""
        found = {}
        for length in LENGTHS:
            prompt = (PROMPT * 64)[:length]
            self.writer.warm_up(self.writer.bucket([prompt], OUT_AT_LENGTH))
            began = time.perf_counter()
            writing = self.writer.begin([prompt], OUT_AT_LENGTH)
            token = writing.logits().argmax(axis=-1)
            read = time.perf_counter()
            for _ in range(OUT_AT_LENGTH):
                writing.advance(token)
                token = writing.logits().argmax(axis=-1)
            found[length] = {
                "prompt_ms": round(1000 * (read - began), 1),
                "token_ms": round(1000 * (time.perf_counter() - read) / OUT_AT_LENGTH, 2),
            }
        return found


class BareStep(OurSide):
    """The compiled step alone: nothing reported, nothing looked at."""

    def generate(self) -> list[int]:
        writing = self.writer.begin([PROMPT], OUT)
        found = [int(writing.logits()[0].argmax())]
        while len(found) < OUT:
            writing.advance(found[-1:])
            found.append(int(writing.logits()[0].argmax()))
        return found


class TransformersSide(Timed):
    """`generate` of transformers, with its cache."""

    def __init__(self, folder: Path, device: str):
        import torch
        import transformers

        torch.set_num_threads(os.cpu_count())
        self.torch, self.device = torch, "cpu" if device == "cpu" else "cuda"
        self.model = transformers.GPT2LMHeadModel.from_pretrained(folder).eval().to(self.device)
        self.model.generation_config.eos_token_id = None

    def generate(self) -> list[int]:
        ids = self.torch.tensor([PROMPT], device=self.device)
        options = {"max_new_tokens": OUT, "do_sample": False, "pad_token_id": 0}
        found = self.model.generate(ids, attention_mask=self.torch.ones_like(ids), **options)
        return found[0, IN:].tolist()

    def best(self, ids: list[int]) -> list[int]:
        with self.torch.no_grad():
            return self.model(self.torch.tensor([ids], device=self.device)).logits[0].argmax(-1).tolist()


class CTranslate2Side(Timed):
    """CTranslate2 on the converted folder."""

    def __init__(self, folder: Path, kind: str):
        import ctranslate2

        place = folder.parent / kind
        ctranslate2.converters.TransformersConverter(str(folder)).convert(str(place), quantization=kind)
        self.storage = ctranslate2.StorageView
        self.generator = ctranslate2.Generator(
            str(place), device="cpu", intra_threads=os.cpu_count(), compute_type=kind
        )
        self.tokens = {number: token for token, number in json.loads((folder / "vocab.json").read_text()).items()}

    def generate(self) -> list[int]:
        prompt = [self.tokens[one] for one in PROMPT]
        options = {"max_length": OUT, "min_length": OUT, "sampling_topk": 1, "beam_size": 1}
        (result,) = self.generator.generate_batch([prompt], include_prompt_in_result=False, **options)
        return list(result.sequences_ids[0])

    def best(self, ids: list[int]) -> list[int]:
        import numpy as np

        logits = self.generator.forward_batch([[self.tokens[one] for one in ids]])
        return np.array(logits)[0].argmax(-1).tolist()


if __name__ == "__main__":
    main()
