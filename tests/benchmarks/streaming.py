"""What it costs to train on pictures that don't lie in memory: decoded each time, or read from the cache on disk.

    python tests/benchmarks/streaming.py --backend jax --from files --pairs 10 --seconds 5
    python tests/benchmarks/streaming.py --backend jax --from disk --data photos/

The same net, the same pictures, the same augmentation, once from there and once from one array in memory; alternating
pairs. The ratio is the time of a step from there over that from memory: 1 costs nothing. Without `--data` scenes are
drawn and saved as JPEG files.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fit_overhead import OurSide, interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--from", dest="source", default="files", choices=["files", "disk"])
    parser.add_argument("--data", default="", help="a folder of class folders")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0, help="least time of each side of a pair")
    parser.add_argument("--side", type=int, default=224, help="px")
    parser.add_argument("--size", default="tiny", choices=["tiny", "fast"])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--count", type=int, default=320, help="pictures that are drawn where none are named")
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    values = parser.parse_args()

    from core.engine.backend import prepare

    prepare(values.backend, "cpu" if values.device == "cpu" else "gpu:0", 0)
    there, memory = make_sides(values)
    ratios = []
    for _ in range(values.pairs):
        one, other = there(), memory()
        ratios.append(one / other)
        print(f"{one:8.2f} s there {other:8.2f} s in memory  ratio {ratios[-1]:.3f}", file=sys.stderr, flush=True)
    low, high = interval(sorted(ratios))
    told = {name: getattr(values, name) for name in ("backend", "source", "side", "size", "batch_size", "device")}
    print(json.dumps({**told, "ratio": round(statistics.median(ratios), 4), "interval_95": [low, high]}))


def make_sides(values: argparse.Namespace):
    """Returns two functions; each trains for about the given time and returns the seconds of an epoch."""
    import numpy as np

    from core.settings.cnn import CnnTraining

    data = values.data or draw(values)
    dataset = load(data, values)
    in_memory = replace(dataset, images=np.ascontiguousarray(np.asarray(dataset.images)))

    def settings(epochs: int) -> CnnTraining:
        return CnnTraining.parse(
            {"size": values.size, "epochs": epochs, "batch_size": values.batch_size, "keep": "last", "flip": True}
        )

    sides = []
    for chosen in (dataset, in_memory):
        side = OurSide(chosen, settings, values)
        side.train(1)
        epochs = max(1, math.ceil(values.seconds / side.train(1)))
        sides.append(lambda side=side, epochs=epochs: side.train(epochs) / epochs)
    return sides


def draw(values: argparse.Namespace) -> str:
    from PIL import Image

    from core.data.sources.shapes import draw_scene, make_scene

    folder = Path(tempfile.mkdtemp(prefix="streaming-"))
    for number in range(values.count):
        path = folder / f"class {number % 10}" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw_scene(make_scene(0, number), values.side * 5 // 4)).save(path, quality=90)
    return str(folder)


def load(data: str, values: argparse.Namespace):
    from core.context import Context
    from core.data import cache, load, reading
    from core.jobs import Job
    from core.runs.run import Workspace
    from core.settings.dataset import DatasetSettings

    cache.IN_MEMORY_BYTES = 0
    if values.source == "files":  # as if neither memory nor disk had room for them
        cache.MAX_BYTES = reading.MEMORY_BYTES = 0
    context = Context(Job(task="check", backend=values.backend), Workspace(Path(tempfile.mkdtemp())))
    settings = DatasetSettings(data=data, image_px=values.side, test_share=0, validation_share=0)
    return load.load(settings, 0, context)


if __name__ == "__main__":
    main()
