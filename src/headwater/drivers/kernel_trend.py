"""Compiled: Mann-Kendall scores, their variances and Sen's slopes of many series.

Each series is worked on alone and in one fixed order, so neither threads nor blocks change a bit of a result.
Loops stand where array expressions would do: they compile in a third of the time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

AS_IT_IS, HAMED_RAO, YUE_WANG, WHITEN, WHITEN_TREND_FREE = range(5)
"""Rules: what is done about autocorrelation."""

ALL_PAIRS = 3000
"""Up to this many pairs all slopes are searched; beyond it only those near the median."""


@njit(
    "int64(float64[::1], int64[::1], int64[::1], int64, float64[::1], float64[::1], float64[::1])",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def sort_and_count(key, order, spare, n, x, t, kept):  # type: ignore[no-untyped-def]
    """Pairs that stand in ``order`` with a greater key before a smaller one; sorts ``order`` by key.

    Merge sort (Knight 1966, J. Am. Stat. Assoc. 61, 436): n log n steps where comparing all pairs takes n².
    The slopes (x, t) of the pairs go to ``kept`` as far as there is room.
    """
    inversions = 0
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            middle, end = min(start + width, n), min(start + 2 * width, n)
            left, right = start, middle
            for place in range(start, end):
                if left < middle and (right >= end or key[order[left]] <= key[order[right]]):
                    spare[place] = order[left]
                    left += 1
                    continue
                j = order[right]
                for other in range(left, min(middle, left + kept.size - inversions)):
                    i = order[other]
                    kept[inversions + other - left] = (x[j] - x[i]) / (t[j] - t[i])
                inversions += middle - left
                spare[place] = j
                right += 1
        for place in range(n):
            order[place] = spare[place]
        width *= 2
    return inversions


@njit("UniTuple(float64, 3)(float64[::1], int64[::1], int64[::1], int64)", nogil=True, cache=True)
def score(values, order, spare, n):  # type: ignore[no-untyped-def]
    """Falling pairs, tied pairs, and the variance of the score with ties (Kendall 1975, eq. 4.3).

    ``order`` sorts the values afterwards.
    """
    for i in range(n):
        order[i] = i
    falling = sort_and_count(values, order, spare, n, values, values, values[:0])
    tied, tied_variance = 0.0, 0.0
    first = 0
    for place in range(1, n + 1):
        if place == n or values[order[place]] != values[order[first]]:
            many = float(place - first)
            tied += many * (many - 1) / 2
            tied_variance += many * (many - 1) * (2 * many + 5)
            first = place
    return falling, tied, (n * (n - 1.0) * (2 * n + 5) - tied_variance) / 18


@njit("float64(float64[::1], int64, int64)", nogil=True, cache=True)
def select(values, n, rank):  # type: ignore[no-untyped-def]
    """Value of this rank (0 the least) among the first n; smaller ones end up before it (Hoare 1961)."""
    low, high = 0, n - 1
    while low < high:
        a, b, c = values[low], values[(low + high) // 2], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@njit("float64(float64[::1], int64, int64, int64)", nogil=True, cache=True)
def middle(values, n, lower, upper):  # type: ignore[no-untyped-def]
    """Mean of the values of two ranks that are equal or neighbours."""
    value = select(values, n, upper)
    if lower == upper:
        return value
    below = values[0]
    for i in range(1, upper):
        below = max(below, values[i])
    return (below + value) / 2


@njit(
    "UniTuple(float64, 2)(float64[::1], float64[::1], int64[::1], int64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def bracket(x, t, starts, pairs):  # type: ignore[no-untyped-def]
    """Two slopes between which the median of all lies, but for one case in 10 000.

    Taken from a sample of slopes, drawn by a congruential sequence that is always the same.
    """
    wanted = pairs ** (2 / 3)
    sample = np.empty(int(wanted) + starts.size)
    drawn = 0
    state = np.uint64(88172645463325252)
    for segment in range(starts.size - 1):
        start, length = starts[segment], starts[segment + 1] - starts[segment]
        for _ in range(int(wanted * (length * (length - 1) / 2) / pairs)):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            i = start + np.int64((state >> np.uint64(33)) % np.uint64(length))
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            j = start + np.int64((state >> np.uint64(33)) % np.uint64(length))
            if i != j:
                sample[drawn] = (x[j] - x[i]) / (t[j] - t[i])
                drawn += 1
    reach = int(2 * math.sqrt(drawn)) + 1  # four standard deviations of a median's rank
    high = select(sample, drawn, drawn // 2 + reach)
    return select(sample, drawn, drawn // 2 - reach), high


@njit("float64(float64[::1], float64[::1], int64[::1], int64, float64, float64)", nogil=True, cache=True)
def sen_slope(x, t, starts, pairs, falling, tied):  # type: ignore[no-untyped-def]
    """Median of the slopes of all pairs within each segment (Sen 1968, eq. 2.8), exact.

    With many pairs: sorting by x - slope·t counts the slopes below a bracket, sorting on from there finds
    those within it, and only they are searched (after Matoušek 1991, Inf. Process. Lett. 39, 183): n log n
    steps. Where the bracket misses the median, nearly so, or ties crowd it, all slopes are searched.
    """
    lower, upper = (pairs - 1) // 2, pairs // 2
    if falling <= lower and upper < falling + tied:
        return 0.0
    kept = np.empty(pairs // 4 if pairs > ALL_PAIRS else pairs)
    inside = 0
    if pairs > ALL_PAIRS:
        low, high = bracket(x, t, starts, pairs)
        order, spare, key = np.empty(x.size, np.int64), np.empty(x.size, np.int64), np.empty(x.size)
        below, largest = 0, 0.0
        for segment in range(starts.size - 1):
            start, n = starts[segment], starts[segment + 1] - starts[segment]
            for i in range(n):
                order[i] = i
                key[i] = x[start + i] - low * t[start + i]
                largest = max(largest, abs(x[start + i]) + max(abs(low), abs(high)) * t[start + i])
            below += sort_and_count(key, order, spare, n, x[start:], t[start:], kept[:0])
            for i in range(n):
                key[i] = x[start + i] - high * t[start + i]
            inside += sort_and_count(key, order, spare, n, x[start:], t[start:], kept[inside:])
            if inside > kept.size:
                break
        unsure = 2e-15 * largest  # rounding of the keys can mistake slopes as near as this to an end
        if inside <= kept.size and below <= lower and upper < below + inside:
            first, second = select(kept, inside, lower - below), select(kept, inside, upper - below)
            if low + unsure < first and second < high - unsure:
                return (first + second) / 2
        kept = np.empty(pairs)
        inside = 0
    for segment in range(starts.size - 1):
        end = starts[segment + 1]
        for i in range(starts[segment], end):
            for j in range(i + 1, end):
                kept[inside] = (x[j] - x[i]) / (t[j] - t[i])
                inside += 1
    return middle(kept, pairs, lower, upper)


@njit("float64(float64[::1], int64)", nogil=True, cache=True, fastmath={"reassoc", "contract"})
def lag_product(y, lag):  # type: ignore[no-untyped-def]
    """Sum of y[t] y[t + lag]; steps without a value hold 0 and so add nothing."""
    total = 0.0
    for t in range(y.size - lag):
        total += y[t] * y[t + lag]
    return total


@njit("float64(float64[::1], float64[::1], float64)", nogil=True, cache=True)
def center(y, present, n):  # type: ignore[no-untyped-def]
    """Takes the mean off the n values that are present, the others become 0; returns the sum of squares."""
    total = 0.0
    for t in range(y.size):
        if present[t] > 0:
            total += y[t]
    for t in range(y.size):
        y[t] = y[t] - total / n if present[t] > 0 else 0.0
    return lag_product(y, 0)


@njit("float64(float64[::1], float64, int64)", nogil=True, cache=True, error_model="numpy")
def share_of_pairs(present, n, lag):  # type: ignore[no-untyped-def]
    """How much gaps weaken the effect of autocorrelation: 1 without gaps, n/steps where they are random."""
    steps = present.size
    return 1.0 if n == steps else lag_product(present, lag) / (steps - lag) * steps / n


@njit("float64(float64[::1], float64[::1], float64, float64)", nogil=True, cache=True, error_model="numpy")
def first_autocorrelation(y, present, n, squares):  # type: ignore[no-untyped-def]
    """Lag-1 autocorrelation of a centered series from neighbouring steps."""
    share = share_of_pairs(present, n, 1)
    if squares == 0 or share == 0:
        return 0.0
    return lag_product(y, 1) / squares / share


@njit(
    "float64(float64[::1], float64[::1], float64, float64, int64, float64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def spread_by_ranks(y, present, n, squares, lags, z):  # type: ignore[no-untyped-def]
    """Hamed & Rao (1998): n/n*_S from the centered ranks of the detrended series.

    Lags count whose autocorrelation lies beyond ±z/√n. A lag is a distance in time; pairs that miss a partner
    add nothing, which is the weaker effect that autocorrelation has over gaps.
    """
    steps = y.size
    total = 0.0
    for lag in range(1, min(lags, steps - 1) + 1):
        r = lag_product(y, lag) / squares
        if abs(r) > z / math.sqrt(n) * math.sqrt(share_of_pairs(present, n, lag)):
            total += (steps - lag) * (steps - lag - 1.0) * (steps - lag - 2.0) * r
    return 1 + 2 / (steps * (steps - 1.0) * (steps - 2.0)) * total


@njit(
    "float64(float64[::1], float64[::1], float64, float64, int64)",
    nogil=True,
    cache=True,
    error_model="numpy",
)
def spread_by_values(y, present, n, squares, lags):  # type: ignore[no-untyped-def]
    """Yue & Wang (2004): 1 + 2 Σ (1 - k/n) ρ_k from the centered detrended series.

    ``lags`` = 0: a first-order process, ρ_k = ρ₁ᵏ, summed in closed form; else estimates up to that lag.
    """
    steps = y.size
    total = 0.0
    if lags == 0:
        r = min(max(first_autocorrelation(y, present, n, squares), -0.99), 0.99)
        total = (r ** (steps + 1) - steps * r * r + (steps - 1) * r) / (steps * (1 - r) ** 2)
        return 1 + 2 * share_of_pairs(present, n, 1) * total
    for lag in range(1, min(lags, steps - 1) + 1):
        total += (1 - lag / steps) * lag_product(y, lag) / squares
    return 1 + 2 * total


@njit("void(float64[::1], float64[::1], int64, int64[::1], int64[::1])", nogil=True, cache=True)
def to_ranks(y, present, n, order, spare):  # type: ignore[no-untyped-def]
    """Replaces the values that are present by their ranks; ties share the mean of theirs."""
    values, steps_of = np.empty(n), np.empty(n, np.int64)
    k = 0
    for t in range(y.size):
        if present[t] > 0:
            values[k] = y[t]
            steps_of[k] = t
            k += 1
    score(values, order, spare, n)
    first = 0
    for place in range(1, n + 1):
        if place == n or values[order[place]] != values[order[first]]:
            for k in range(first, place):
                y[steps_of[order[k]]] = (first + place + 1) / 2
            first = place


@njit("float64(float64[::1], float64[::1], int64, int64, int64, float64)", nogil=True, cache=True)
def spread(rest, present, n, rule, lags, z):  # type: ignore[no-untyped-def]
    """Factor on the variance of the score, from the detrended series (which is changed)."""
    if rule == HAMED_RAO:
        to_ranks(rest, present, n, np.empty(n, np.int64), np.empty(n, np.int64))
    squares = center(rest, present, n)
    if squares == 0:
        return 1.0
    if rule == HAMED_RAO:
        return spread_by_ranks(rest, present, n, squares, lags, z)
    return spread_by_values(rest, present, n, squares, lags)


@njit("int64(float64[::1], float64[::1], int64, float64, float64[::1])", nogil=True, cache=True)
def whitened(rest, present, n, slope, out):  # type: ignore[no-untyped-def]
    """Fills ``out`` with y[t] - r₁ y[t - 1] + slope·t of neighbouring steps; how many there are."""
    whole = np.empty(rest.size)
    for t in range(rest.size):
        whole[t] = rest[t]
    squares = center(rest, present, n)
    r = first_autocorrelation(rest, present, n, squares)
    k = 0
    for t in range(1, rest.size):
        if present[t] > 0 and present[t - 1] > 0:
            out[k] = whole[t] - whole[t - 1] * r + t * slope
            k += 1
    return k


@njit("int64(float64[::1], int64, float64[::1], float64[::1], int64[::1])", nogil=True, cache=True)
def compress(series, period, x, t, starts):  # type: ignore[no-untyped-def]
    """The values that are present, season by season, and their times in periods; how many there are."""
    n = 0
    for season in range(period):
        starts[season] = n
        for step in range(season, series.size, period):
            if not math.isnan(series[step]):
                x[n] = series[step]
                t[n] = step // period
                n += 1
    starts[period] = n
    return n


@njit("float64(float64[::1], int64, float64, int64)", nogil=True, cache=True)
def intercept_of(series, n, slope, period):  # type: ignore[no-untyped-def]
    """Median of the n values minus slope times median of their times (Conover 1980): the line at step 0."""
    values, times = np.empty(n), np.empty(n)
    k = 0
    for step in range(series.size):
        if not math.isnan(series[step]):
            values[k] = series[step]
            times[k] = step
            k += 1
    lower, upper = (n - 1) // 2, n // 2
    return middle(values, n, lower, upper) - (times[lower] + times[upper]) / 2 / period * slope


@njit("void(float64[:, ::1], int64, int64, int64, float64, int64, float64[:, ::1])", nogil=True, cache=True)
def trends(series, period, rule, lags, z, least, out):  # type: ignore[no-untyped-def]
    """Fills rows of ``out`` from rows of ``series``: n, pairs scored, score, its variance, slope, intercept.

    ``series`` (series, steps) holds NaN where a value is missing. Rows with fewer than ``least`` values get
    NaN beside n. ``rule`` and ``lags`` act where ``period`` is 1.
    """
    steps = series.shape[1]
    x, t, rest, present = np.empty(steps), np.empty(steps), np.empty(steps), np.empty(steps)
    starts = np.empty(period + 1, np.int64)
    order, spare = np.empty(steps, np.int64), np.empty(steps, np.int64)
    for row in range(series.shape[0]):
        n = compress(series[row], period, x, t, starts)
        out[row, 0] = n
        for column in range(1, 6):
            out[row, column] = np.nan
        pairs, falling, tied, variance = 0, 0.0, 0.0, 0.0
        for season in range(period):
            length = starts[season + 1] - starts[season]
            pairs += length * (length - 1) // 2
            its_falling, its_tied, its_variance = score(x[starts[season] :], order, spare, length)
            falling += its_falling
            tied += its_tied
            variance += its_variance
        if n < least or pairs == 0:
            continue
        slope = sen_slope(x, t, starts, pairs, falling, tied)
        out[row, 4], out[row, 5] = slope, intercept_of(series[row], n, slope, period)
        if rule != AS_IT_IS:
            for step in range(steps):
                present[step] = 0.0 if math.isnan(series[row, step]) else 1.0
                rest[step] = series[row, step] - (0.0 if rule == WHITEN else (step + 1) * slope)
        if rule in (HAMED_RAO, YUE_WANG):
            variance *= spread(rest, present, n, rule, lags, z)
        elif rule in (WHITEN, WHITEN_TREND_FREE):
            length = whitened(rest, present, n, 0.0 if rule == WHITEN else slope, x)
            pairs = length * (length - 1) // 2
            falling, tied, variance = score(x, order, spare, length)
        out[row, 1], out[row, 2], out[row, 3] = pairs, pairs - tied - 2 * falling, variance
