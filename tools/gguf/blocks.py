"""Blocks of GGUF's quantised types and their numbers, as the gguf package computes them: what GgmlBlocksTest compares with.

usage: python blocks.py > ../../src/test/resources/checkpoint/ggml-blocks.json      (needs numpy and gguf 0.17 or later)
"""
import json

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

random = np.random.default_rng(2026)
golden = {"decode": {}, "encode": {}}

# Bits at random are blocks too; scales are drawn apart, so that they are finite.
for kind, scales, size in ((Type.Q8_0, 1, 34), (Type.Q4_0, 1, 18), (Type.Q4_1, 2, 20)):
    blocks = random.integers(0, 256, (6, size), dtype=np.uint8)
    halves = np.array([[0.037, -1.5], [-0.25, 3e-5], [0.0, -0.0], [6e-8, 1.0], [1.0, 0.001], [-500.0, 7.0]])
    blocks[:, : 2 * scales] = halves[:, :scales].astype(np.float16).view(np.uint8)
    numbers = dequantize(blocks.reshape(-1), kind).astype("<f4")
    golden["decode"][kind.name] = {"bytes": blocks.tobytes().hex(), "float32": numbers.tobytes().hex()}

# Spreads over 12 powers of ten, a block of zeros, one of halves (rounded away from zero) and one with a single number.
numbers = random.standard_normal((8, 32)).astype(np.float32)
numbers[1] *= np.float32(1e-6)
numbers[2] *= np.float32(1e6)
numbers[3] = 0
numbers[4] = np.arange(-16, 16, dtype=np.float32) + np.float32(0.5)
numbers[4, 0] = 127
numbers[5] = 0
numbers[5, 7] = -3.25
blocks = quantize(numbers.reshape(-1), Type.Q8_0)
golden["encode"]["Q8_0"] = {"float32": numbers.astype("<f4").tobytes().hex(), "bytes": blocks.tobytes().hex()}

print(json.dumps(golden, indent=1))
