"""Random fields that are alike over distance."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Single = NDArray[np.float32]
KM_PER_DEGREE = 111.2
AT_ONCE = 1 << 18
"""Values transformed in one call: many small fields together, large ones one by one."""


def alike_fields(
    count: int,
    latitude: Array,
    longitude: Array,
    length_km: float,
    rng: np.random.Generator,
    *,
    shape: Literal["exponential", "gaussian"] = "exponential",
) -> Single:
    """Gaussian fields of mean 0, variance 1 and covariance exp(−h/L) or exp(−(h/L)²), h in km.

    Circulant embedding on a torus of twice the size (Dietrich & Newsam 1997, SIAM J. Sci. Comput. 18, 1088);
    what is negative in its spectrum is left out, and the variance set to 1.

    Parameters
    ----------
    count : number of independent fields
    latitude, longitude : evenly spaced centres, shape (m,) and (n,) [degrees]

    Returns
    -------
    shape (count, m, n)
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    ny, nx = latitude.size, longitude.size
    torus = (next_fast_len(2 * ny, real=True), next_fast_len(2 * nx, real=True))
    north = KM_PER_DEGREE * abs(latitude[1] - latitude[0])
    east = KM_PER_DEGREE * abs(longitude[1] - longitude[0]) * np.cos(np.radians(latitude.mean()))
    dy, dx = (np.minimum(np.arange(n), n - np.arange(n)) for n in torus)
    h = np.hypot(dy[:, None] * north, dx * east) / length_km
    power = np.maximum(rfft2(np.exp(-h if shape == "exponential" else -(h**2))).real, 0.0)
    root = np.sqrt(power / irfft2(power, s=torus)[0, 0]).astype(np.float32)
    out = np.empty((count, ny, nx), np.float32)
    together = max(1, AT_ONCE // (torus[0] * torus[1]))
    for first in range(0, count, together):
        white = rng.standard_normal((min(together, count - first), *torus), dtype=np.float32)
        out[first : first + len(white)] = irfft2(rfft2(white) * root, s=torus)[:, :ny, :nx]
    return out
