"""A process that speaks as the real one does, with a model that does as the text says: "hang", "die", "nan", "eat".

What the rules call `model` says how it starts: "fine", "slow", "refuses", "eats", "garbage", "counts" (fine, and keeps a tally of its starts).
"""

import os
import sys
import time

import numpy as np

from carebot.effects.reading.model_child import Settings, serve
from carebot.understand.transformer import NotANumber


class StandIn:
    def __init__(self, pace: float) -> None:
        self.pace = pace

    def __call__(self, texts):
        time.sleep(self.pace * len(texts))
        if "hang" in texts:
            time.sleep(600)
        if "die" in texts:
            os._exit(3)
        if "nan" in texts:
            raise NotANumber("it answers NaN")
        if "eat" in texts:
            np.ones(1 << 30, np.int8)
        if "secret" in texts:
            raise ValueError("cannot read 'my card is 4111 1111 1111 1111'")
        print("a library that prints what it reads:", texts[-1], flush=True)
        if "short" in texts:
            return np.full((len(texts) - 1, 3), 1 / 3, np.float32)
        if "odd" in texts:
            return np.full((len(texts), 3), 0.9, np.float32)
        return np.array([[0.8, 0.1, 0.1] if "bad" in text else [0.1, 0.2, 0.7] for text in texts], np.float32)


def load(settings: Settings) -> StandIn:
    kind, _, place = settings.model.partition(" ")
    match kind:
        case "refuses":
            raise ValueError("the model's labels do not say what they mean: A, B.")
        case "eats":
            np.ones(1 << 30, np.int8)
        case "missing":
            raise ImportError("No module named 'torch'", name="torch")
        case "environment":
            with open(place, "w", encoding="utf-8") as file:
                file.write("\n".join(f"{name}={value}" for name, value in os.environ.items()))
        case "pid":
            with open(place, "w", encoding="utf-8") as file:
                file.write(str(os.getpid()))
        case "slow":
            return StandIn(0.02)
        case "sleepy":
            time.sleep(1)
    return StandIn(0)


if sys.argv[1:] == ["garbage"]:
    os.write(0, b"\x00\x00\x00\x05hello")
    time.sleep(600)
serve(load)
