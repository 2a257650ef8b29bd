"""How fast is f32 attention beside ONNX Runtime's on one core, shape by shape?

    cargo build --release -p kqv-benches --bin pace
    pip install -c benches/requirements.txt onnxruntime onnx numpy
    python benches/onnxruntime.py

Both sides get the same Q, K and V, one head, one thread, one core, and take turns of two milliseconds; what counts
is the fastest turn of each, as others may use the machine. ONNX Runtime runs `Attention` of opset 23 and its own `MultiHeadAttention`, and the
faster of the two counts, shape by shape. It is driven so that nothing of Python is in its time: a graph is a
chain of 16 attentions, each the query of the next, inputs and outputs bound beforehand. Column `call` is what one
attention alone takes from Python. The numbers of both sides must agree, or nothing is printed for them.
"""

import argparse
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

sys.path.pop(0)  # this file bears the name of what it imports
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

CHAIN = 16
TURN_SECS = 0.002
LENGTHS = (16, 32, 64, 128, 256, 512)
WIDTHS = (32, 64, 128)
DECODE = (512, 2048)


class Ours:
    """The program `pace`, which keeps one problem at a time."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line, payload=b""):
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()

    def peak(self):
        """Billions of multiply-adds in a second on registers alone."""
        self.ask("peak")
        return float(self.process.stdout.readline())

    def set(self, shape, causal, qkv):
        mask = "causal" if causal else "full"
        payload = b"".join(matrix.astype("<f4").tobytes() for matrix in qkv)
        self.ask(f"shape {shape[0]} {shape[1]} {shape[2]} {mask}", payload)

    def secs(self, times):
        self.ask(f"run {times}")
        return int(self.process.stdout.readline()) / 1e9 / times

    def output(self, shape):
        self.ask("output")
        return np.frombuffer(self.process.stdout.read(4 * shape[0] * shape[2]), "<f4").reshape(shape[0], shape[2])


class Theirs:
    """A chain of attentions in ONNX Runtime, everything bound."""

    def __init__(self, operator, length, shape, causal, qkv):
        t, s, d = shape
        self.length = length
        heads = (1, 1) if operator == "Attention" else (1,)
        names = ["q", *(f"x{i}" for i in range(1, length)), "y"]
        nodes = [node(operator, [names[i], "k", "v"], names[i + 1], causal) for i in range(length)]
        info = lambda name, rows: helper.make_tensor_value_info(name, TensorProto.FLOAT, [*heads, rows, d])
        graph = helper.make_graph(nodes, "chain", [info("q", t), info("k", s), info("v", s)], [info("y", t)])
        opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.binding = self.session.io_binding()
        for name, matrix in zip("qkv", qkv):
            value = onnxruntime.OrtValue.ortvalue_from_numpy(matrix.reshape(*heads, *matrix.shape))
            self.binding.bind_ortvalue_input(name, value)
        self.y = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((*heads, t, d), np.float32))
        self.binding.bind_ortvalue_output("y", self.y)

    def secs(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.session.run_with_iobinding(self.binding)
        return (time.perf_counter() - start) / times / self.length

    def output(self):
        self.session.run_with_iobinding(self.binding)
        return self.y.numpy().reshape(self.y.shape()[-2:])


def node(operator, inputs, output, causal):
    if operator == "Attention":
        return helper.make_node(operator, inputs, [output], is_causal=int(causal))
    options = {"num_heads": 1, "unidirectional": int(causal)}
    return helper.make_node(operator, inputs, [output], domain="com.microsoft", **options)


def times_in_a_turn(secs):
    secs(1)  # warm
    return max(1, round(TURN_SECS / min(secs(1), secs(1))))


def compare(ours, shape, causal, turns):
    """The row of one shape: our and their seconds for one attention, whose, and what a call of theirs takes."""
    rng = np.random.default_rng(1)
    qkv = [rng.standard_normal((rows, shape[2]), np.float32) for rows in (shape[0], shape[1], shape[1])]
    ours.set(shape, causal, qkv)
    ours_times = times_in_a_turn(ours.secs)
    operators = {"Attention": "Attention", "MHA": "MultiHeadAttention"}
    sides = {short: Theirs(name, CHAIN, shape, causal, qkv) for short, name in operators.items()}
    counts = {short: max(1, times_in_a_turn(lambda n: side.secs(n) * CHAIN)) for short, side in sides.items()}
    rounds = []
    for _ in range(turns):
        rounds.append({"kqv": ours.secs(ours_times), **{name: sides[name].secs(counts[name]) for name in sides}})
    best = {name: min(r[name] for r in rounds) for name in rounds[0]}
    fastest = min(operators, key=best.get)
    alone = Theirs(operators[fastest], 1, shape, causal, qkv)
    np.testing.assert_allclose(ours.output(shape), alone.output(), rtol=0, atol=5e-6)
    times = times_in_a_turn(alone.secs)
    call = min(alone.secs(times) for _ in range(turns))
    return best["kqv"], min(best[fastest], call), fastest, call  # a long chain may never run undisturbed


def shapes():
    for length in LENGTHS:
        for width in WIDTHS:
            yield (length, length, width), False
            yield (length, length, width), True
    for keys in DECODE:
        for width in WIDTHS:
            yield (1, keys, width), False


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"
    parser.add_argument("--pace", default=folder / "pace", help="the program, built in release")
    parser.add_argument("--turns", type=int, default=25, help="turns of each side for a shape")
    parser.add_argument("--only", help="shapes whose name contains this, such as 512x512x64")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # inherited: both sides on one core
    ours = Ours(options.pace)
    peak = ours.peak()
    print(f"onnxruntime {onnxruntime.__version__}, {processor()}, one core, {peak:.1f} GMAC/s of products and sums")
    print("| T x S x D | kqv µs | ORT µs | operator | ORT call µs | kqv GMAC/s | of the peak | ratio |")
    print("|---|--:|--:|---|--:|--:|--:|--:|")
    ratios = {}
    for shape, causal in shapes():
        name = "x".join(map(str, shape)) + (" causal" if causal else "")
        if options.only and options.only not in name:
            continue
        kqv, ort, operator, call = compare(ours, shape, causal, options.turns)
        t, s, d = shape
        products = 2 * d * (s * (s + 1) // 2 if causal else t * s)
        rate = products / kqv / 1e9
        ratios[name] = ratio = ort / kqv
        print(
            f"| {name} | {kqv * 1e6:.2f} | {ort * 1e6:.2f} | {operator} | {call * 1e6:.2f} "
            f"| {rate:.1f} | {100 * rate / peak:.0f} % | {ratio:.2f} |",
            flush=True,
        )
    mean = math.exp(statistics.fmean(map(math.log, ratios.values())))
    lowest = min(ratios, key=ratios.get)
    print(f"geometric mean {mean:.2f}, lowest {ratios[lowest]:.2f} at {lowest}")


if __name__ == "__main__":
    main()
