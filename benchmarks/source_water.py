"""Sources of 10⁵ evaporated waters at once, against scipy's quadrature one water at a time.

Two opponents, both timed on a few waters and extrapolated: ``quad`` over E of the integrand with O, H and S
already integrated by hand, for mean, sd and three quantiles of O; and ``dblquad`` over O and E of the plain
model, for mean and sd of O. Ours gives mean, sd and three quantiles of O, H and E.
"""

from __future__ import annotations

import math
import time

import numpy as np
from scipy.integrate import dblquad, quad
from scipy.optimize import brentq

from headwater.isotopes import source_on_meteoric_line
from headwater.stats import Line, fit_line

WATERS, BY_QUAD, BY_DBLQUAD, SEED = 100_000, 200, 8, 1
SLOPE, SLOPE_SD, V_O, V_H = 5.0, 0.4, 0.04, 0.25
ORIGIN = (-14.0, 4.0)
HIGH = 15.0


def main() -> dict[str, float]:
    """Prints and returns CPU seconds for 10⁵ waters by each way, and the ratios."""
    rng = np.random.default_rng(SEED)
    rain = rng.normal(-14, 5, 375)
    line = fit_line(rain, 7.9 * rain + 12.4 + rng.normal(0, 4, 375))
    source, e = rng.normal(*ORIGIN, WATERS), rng.uniform(0, HIGH, WATERS)
    o = source + e + rng.normal(0, np.sqrt(V_O), WATERS)
    h = 7.9 * source + 12.4 + rng.normal(0, 4, WATERS) + e * rng.normal(SLOPE, SLOPE_SD, WATERS)

    start = time.process_time()
    found = source_on_meteoric_line(o, h, np.diag([V_O, V_H]), line, SLOPE, SLOPE_SD, origin=ORIGIN)
    ours = time.process_time() - start

    values = {"at_once_cpu_s": round(ours, 2)}
    print(f"{WATERS} waters at once: {ours:.1f} CPU s")
    for name, by, count in (("quad", by_quad, BY_QUAD), ("dblquad", by_dblquad, BY_DBLQUAD)):
        start = time.process_time()
        theirs = np.array([by(o[i], h[i], line) for i in range(count)])
        cost = (time.process_time() - start) / count * WATERS
        off = np.abs(theirs[:, 0] - found.d18O[:count]) / found.d18O_sd[:count]
        print(f"{name}, one at a time: {cost:.0f} CPU s (from {count}); ratio {cost / ours:.0f}; "
              f"means differ by {off.max():.4f} sd at most")  # fmt: skip
        values[f"{name}_cpu_s"], values[f"{name}_ratio"] = round(cost, 1), round(cost / ours, 1)
        if theirs.shape[1] > 2:
            off = np.abs(theirs[:, 2:] - found.d18O_quantiles[:count]) / found.d18O_sd[:count, None]
            print(f"    quantiles differ by {off.max():.4f} sd at most")
        values[f"{name}_largest_difference_sd"] = float(off.max())
    return values


def by_quad(o: float, h: float, line: Line) -> tuple[float, ...]:
    """Mean, sd and three quantiles of O with E integrated by ``quad``."""
    a, width2 = line.slope, ORIGIN[1] ** 2

    def given(e: float) -> tuple[float, float, float]:
        sigma2 = line.residual_sd**2 * (1 + 1 / line.n + (o - e - line.x_mean) ** 2 / line.x_ss)
        v11, v12 = width2 + V_O, a * width2
        v22 = a**2 * width2 + sigma2 + V_H + (e * SLOPE_SD) ** 2
        y1 = o - e - ORIGIN[0]
        y2 = h - line.intercept - e * SLOPE - a * ORIGIN[0]
        determinant = v11 * v22 - v12**2
        w1, w2 = (v22 * y1 - v12 * y2) / determinant, (v11 * y2 - v12 * y1) / determinant
        weight = math.exp(-0.5 * (y1 * w1 + y2 * w2)) / math.sqrt(determinant)
        variance = width2 - width2**2 * (v22 - 2 * a * v12 + a**2 * v11) / determinant
        return weight, ORIGIN[0] + width2 * (w1 + a * w2), variance

    def moment(e: float, power: int) -> float:
        weight, mean, variance = given(e)
        return weight * (1.0, mean, mean**2 + variance)[power]

    def below(e: float, x: float) -> float:
        weight, mean, variance = given(e)
        return weight * 0.5 * math.erfc((mean - x) / math.sqrt(2 * variance))

    total, first, second = (quad(moment, 0, HIGH, args=(power,), epsrel=1e-6)[0] for power in range(3))
    mean, sd = first / total, math.sqrt(second / total - (first / total) ** 2)
    quantiles = [
        brentq(
            lambda x, level=level: quad(below, 0, HIGH, args=(x,), epsrel=1e-5)[0] / total - level,
            mean - 6 * sd,
            mean + 6 * sd,
            xtol=1e-4,
        )
        for level in (0.025, 0.5, 0.975)
    ]
    return mean, sd, *quantiles


def by_dblquad(o: float, h: float, line: Line) -> tuple[float, float]:
    """Mean and sd of O with O and E integrated by ``dblquad``."""
    reach = 8 * np.sqrt(V_O)

    def density(source: float, e: float, power: int) -> float:
        sigma2 = line.residual_sd**2 * (1 + 1 / line.n + (source - line.x_mean) ** 2 / line.x_ss)
        v_h = V_H + sigma2 + (e * SLOPE_SD) ** 2
        misfit = (o - source - e) ** 2 / V_O
        misfit += (h - line.slope * source - line.intercept - e * SLOPE) ** 2 / v_h
        misfit += ((source - ORIGIN[0]) / ORIGIN[1]) ** 2
        return float(source**power * np.exp(-0.5 * misfit) / np.sqrt(v_h))

    total, first, second = (
        dblquad(density, 0, HIGH, lambda e: o - e - reach, lambda e: o - e + reach,
                args=(power,), epsabs=0, epsrel=1e-5)[0]
        for power in range(3)
    )  # fmt: skip
    return first / total, float(np.sqrt(second / total - (first / total) ** 2))


if __name__ == "__main__":
    main()
