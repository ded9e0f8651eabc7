"""Fewer points for charts, without losing what the eye looks for.

Both ways pick points of the series and never make new ones. `min_max` keeps the lowest and the
highest point of every stretch, for several columns at once; `lttb` (largest triangle three
buckets, Steinarsson 2013) keeps the shape of one column with fewer points, and its two extremes.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from atlas.domain.errors import InvalidInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ENDS = 2
_LEAST_POINTS = 5  # both ends, both extremes and one between


def min_max(columns: Sequence[FloatArray], max_points: int) -> IntArray:
    """Choose at most `max_points` places, in order, that hold the extremes of all columns.

    The first and the last place are kept, and of each of equally long stretches between them the
    places of the lowest and the highest value of each column; what is no number is never an
    extreme. Raises InvalidInput for columns of different lengths, and below 2 points for the ends
    plus 2 for each column.
    """
    length = _common_length(columns)
    least = _ENDS + 2 * len(columns)
    if max_points < least:
        raise InvalidInput(
            f"max_points is {max_points}; keeping the extremes takes {least} or more."
        )
    if length <= max_points:
        return np.arange(length)
    stretches = (max_points - _ENDS) // (2 * len(columns))
    is_kept = np.zeros(length, dtype=np.bool_)
    is_kept[[0, length - 1]] = True
    for column in columns:
        is_kept[_extremes_of_stretches(column[1:-1], stretches) + 1] = True
    return np.flatnonzero(is_kept)


def lttb(times: FloatArray, values: FloatArray, max_points: int) -> IntArray:
    """Choose at most `max_points` places, in order, that keep the shape of a line.

    The first and the last place and the places of the lowest and the highest value are kept.
    Values are finite, times rise. Raises InvalidInput below 5 points or for anything else.
    """
    length = _common_length([times, values])
    if max_points < _LEAST_POINTS:
        raise InvalidInput(f"max_points is {max_points}; the shape takes {_LEAST_POINTS} or more.")
    if not (np.isfinite(values).all() and (np.diff(times) > 0).all()):
        raise InvalidInput("A line needs finite values and times that rise.")
    if length <= max_points:
        return np.arange(length)
    extremes = [int(np.argmin(values)), int(np.argmax(values))]
    chosen = _largest_triangles(times, values, max_points - len(extremes))
    return np.unique(np.concatenate([chosen, extremes]))


def _common_length(columns: Sequence[FloatArray]) -> int:
    """Give the length of all columns."""
    lengths = {len(column) for column in columns}
    if len(lengths) != 1 or lengths == {0}:
        raise InvalidInput("Down-sampling needs columns of one length, one point or more.")
    return lengths.pop()


def _extremes_of_stretches(values: FloatArray, stretches: int) -> IntArray:
    """Find the lowest and the highest place of each of some stretches of about the same length."""
    edges = _edges(len(values), stretches)
    width = int(np.max(np.diff(edges)))
    # Rows of equal width: a shorter stretch repeats its last place, which changes no extreme.
    places = np.minimum(edges[:-1, np.newaxis] + np.arange(width), edges[1:, np.newaxis] - 1)
    rows = values[places]
    unknown = np.isnan(rows)
    if unknown.any():
        lowest = np.argmin(np.where(unknown, np.inf, rows), axis=1)
        highest = np.argmax(np.where(unknown, -np.inf, rows), axis=1)
    else:
        lowest, highest = np.argmin(rows, axis=1), np.argmax(rows, axis=1)
    every = np.arange(len(places))
    return np.concatenate([places[every, lowest], places[every, highest]])


def _largest_triangles(times: FloatArray, values: FloatArray, points: int) -> IntArray:
    """Choose of each stretch the place that spans the largest triangle with its neighbours.

    The corners are the place chosen before and the mean of the stretch behind.
    """
    length = len(values)
    edges = _edges(length - _ENDS, points - _ENDS) + 1
    bounds = edges.tolist()
    counts = np.diff(edges)
    mean_times = np.append(np.add.reduceat(times[1:-1], edges[:-1] - 1) / counts, times[-1])
    mean_values = np.append(np.add.reduceat(values[1:-1], edges[:-1] - 1) / counts, values[-1])
    chosen = [0]
    for stretch, (start, end) in enumerate(pairwise(bounds)):
        last = chosen[-1]
        rise = mean_values[stretch + 1] - values[last]
        run = mean_times[stretch + 1] - times[last]
        areas = np.abs(
            (times[start:end] - times[last]) * rise - (values[start:end] - values[last]) * run
        )
        chosen.append(start + int(np.argmax(areas)))
    return np.array([*chosen, length - 1])


def _edges(length: int, stretches: int) -> IntArray:
    """Cut a length into stretches of one place or more."""
    count = min(max(stretches, 1), length)
    edges: IntArray = np.arange(count + 1, dtype=np.int64) * length // count
    return edges
