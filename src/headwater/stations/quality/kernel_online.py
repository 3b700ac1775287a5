"""Compiled: sums, means and variances of windows that slide, to the last bit as pandas 2.1 computes them.

pandas carries a sum from one window to the next, adds the value that comes and takes away the one that goes,
each with Kahan's compensation of its own; variances by Welford's update. What is left of rounding depends on
all that came before, and decides where a number stands at a threshold. The profile ``flagit-0.3`` needs it.

Of every window: row i − before … i + after, cut at both ends of the series; NaN are no values; a window of
equal values has exactly their sum, their mean and the variance 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SUM, MEAN = 0, 1


@njit("float64[::1](float64[::1], int64, int64, int64, int64)", nogil=True, cache=True, error_model="numpy")
def sliding(values, before, after, least, kind):  # type: ignore[no-untyped-def]
    """Sum or mean of each window with ``least`` values or more, else NaN."""
    rows = values.size
    out = np.full(rows, np.nan)
    total, lost_in, lost_out = 0.0, 0.0, 0.0
    count, negative, same = 0, 0, 0
    last = values[0] if rows else np.nan
    head = 0
    for i in range(rows):
        if i - before > 0:
            gone = values[i - before - 1]
            if gone == gone:
                count -= 1
                part = -gone - lost_out
                moved = total + part
                lost_out = moved - total - part
                total = moved
                negative -= np.signbit(gone)
        while head <= min(rows - 1, i + after):
            come = values[head]
            head += 1
            if come == come:
                count += 1
                part = come - lost_in
                moved = total + part
                lost_in = moved - total - part
                total = moved
                negative += np.signbit(come)
                same = same + 1 if come == last else 1
                last = come
        if count < least or count == 0:
            continue
        if kind == SUM:
            out[i] = last * count if same >= count else total
        else:
            mean = total / count
            if same >= count:
                mean = last
            elif (negative == 0 and mean < 0) or (negative == count and mean > 0):
                mean = 0.0
            out[i] = mean
    return out


@njit("float64[::1](float64[::1], int64, int64)", nogil=True, cache=True, error_model="numpy")
def sliding_variance(values, width, least):  # type: ignore[no-untyped-def]
    """Sample variance of the ``width`` values up to each row, where ``least`` or more are there, else NaN.

    One value has the variance 0 in the running sum and no sample variance: NaN.
    """
    rows = values.size
    out = np.full(rows, np.nan)
    mean, squares, lost_in, lost_out = 0.0, 0.0, 0.0, 0.0
    count, same = 0, 0
    last = values[0] if rows else np.nan
    for i in range(rows):
        if i >= width:
            gone = values[i - width]
            if gone == gone:
                count -= 1
                if count:
                    former = mean - lost_out
                    part = gone - lost_out
                    step = part - mean
                    lost_out = step + mean - part
                    mean = mean - step / count
                    squares = squares - (gone - former) * (gone - mean)
                else:
                    mean, squares = 0.0, 0.0
        come = values[i]
        if come == come:
            count += 1
            same = same + 1 if come == last else 1
            last = come
            former = mean - lost_in
            part = come - lost_in
            step = part - mean
            lost_in = step + mean - part
            mean = mean + step / count
            squares = squares + (come - former) * (come - mean)
        if count >= least and count > 1:
            out[i] = 0.0 if same >= count else squares / (count - 1)
    return out
