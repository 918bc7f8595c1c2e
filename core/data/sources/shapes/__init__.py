"""The embedded data sets "shapes" and "shapes-clips": pictures, sentences and clips whose truth is known exactly."""

from core.data.sources.shapes.clips import Clip, draw_clip, make_clip
from core.data.sources.shapes.drawing import draw_scene
from core.data.sources.shapes.grammar import entropy, log_probability, parse, write
from core.data.sources.shapes.scenes import Attributes, Scene, Thing, make_scene

__all__ = [
    "Attributes",
    "Clip",
    "Scene",
    "Thing",
    "draw_clip",
    "draw_scene",
    "entropy",
    "log_probability",
    "make_clip",
    "make_scene",
    "parse",
    "write",
]
