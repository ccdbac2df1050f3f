"""Repeatable chance: numbers that depend only on a key and a count, so that order of asking never matters."""

import math

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_UNIT = 1.0 / (1 << 53)


def mix(value: int) -> int:
    """Scramble a number into 64 well spread bits (the finaliser of SplitMix64)."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key_of(seed: int, *parts: int) -> int:
    """A 64-bit key for one thing of the city, from the seed and the numbers that name the thing."""
    key = mix(seed + _STEP)
    for part in parts:
        key = mix(key + (part + 1) * _STEP)
    return key


def unit(key: int, count: int) -> float:
    """The `count`-th number of a key: at least 0, less than 1."""
    return (mix(key + (count + 1) * _STEP) >> 11) * _UNIT


def waiting(key: int, count: int, rate: float) -> float:
    """Seconds until the next happening of a process that happens `rate` times a second; endless at rate 0."""
    if rate <= 0.0:
        return math.inf
    return -math.log(1.0 - unit(key, count)) / rate
