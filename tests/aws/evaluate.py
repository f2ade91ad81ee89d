"""Evaluates JSONata expressions with jsonata-python, the second engine of tests/aws/expressions.ts.

Reads a JSON list of {"source", "variables", "seed"} and prints a JSON list: for each, {"json": text}, {"nothing": true} or
{"error": code}. Adds the functions of Step Functions, with the same random numbers as our own engine.
"""

import hashlib
import json
import math
import sys

import jsonata

ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def json_text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def digest(text):
    return hashlib.sha256(text.encode()).digest()


def unit_interval(data):
    return int.from_bytes(data[:6], "big") / 2**48


def step_functions(seed):
    """Returns the functions that Step Functions adds, for one evaluation."""
    draws = 0

    def draw():
        nonlocal draws
        draws += 1
        return digest(f"{seed}/{draws - 1}")

    def random(*given):
        return unit_interval(draw() if not given else digest(f"seed/{json_text(given[0])}"))

    def uuid():
        data = bytearray(draw()[:16])
        data[6] = (data[6] & 0x0F) | 0x40
        data[8] = (data[8] & 0x3F) | 0x80
        digits = data.hex()
        return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])

    def hash_of(content, algorithm):
        text = content if isinstance(content, str) else json_text(content)
        return hashlib.new(ALGORITHMS[algorithm], text.encode()).hexdigest()

    def range_of(first, last, step):
        count = max(0, math.floor((math.floor(last) - math.floor(first)) / math.floor(step)) + 1)
        return [math.floor(first) + n * math.floor(step) for n in range(count)]

    def partition(values, size):
        return [values[n : n + math.floor(size)] for n in range(0, len(values), math.floor(size))]

    return {
        "random": random,
        "uuid": uuid,
        "hash": hash_of,
        "parse": json.loads,
        "range": range_of,
        "partition": partition,
    }


def evaluate(source, variables, seed):
    try:
        expression = jsonata.Jsonata(source)
        for name, implementation in step_functions(seed).items():
            expression.register_lambda(name, implementation)
        value = expression.evaluate(None, variables)
    except jsonata.JException as error:
        return {"error": error.error}
    return {"nothing": True} if value is None else {"json": json_text(value)}


json.dump([evaluate(**request) for request in json.load(sys.stdin)], sys.stdout)
