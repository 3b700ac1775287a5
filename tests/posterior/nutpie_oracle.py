"""nutpie on one of our densities, through a C pointer; its classes for that are private and may change."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from headwater.posterior.records import Target


@dataclass(frozen=True)
class NutpieDraws:
    """positions (chains, draws, d), and what they cost."""

    positions: np.ndarray
    gradients: int
    tuning_gradients: int
    divergences: int
    cpu_seconds: float


def nutpie_draws(target: Target, *, chains=4, tune=1000, draws=1000, accept=0.95, seed=1) -> NutpieDraws:
    """Draws of nutpie's sampler with a diagonal metric from draws and gradients."""
    import nutpie
    from numba import carray, cfunc, types
    from nutpie.compile_pymc import CompiledPyMCModel, address_as_void_pointer

    d, density = target.dimension, target.density
    floats, ints = np.ascontiguousarray(target.floats), np.ascontiguousarray(target.ints)
    float_address, float_count = floats.ctypes.data, len(floats)
    int_address, int_count = ints.ctypes.data, len(ints)
    pointer = types.CPointer(types.double)

    @cfunc(types.int64(types.uint64, pointer, pointer, pointer, types.voidptr))
    def log_density(dim, x, gradient, out, _):
        ours = carray(address_as_void_pointer(float_address), (float_count,), np.float64)
        counts = carray(address_as_void_pointer(int_address), (int_count,), np.int64)
        slope = carray(gradient, (d,))
        value = density(carray(x, (d,)), slope, ours, counts)
        out[0] = value
        if not np.isfinite(value) or not np.isfinite(slope).all():
            return 3
        return 0

    @cfunc(types.int64(types.uint64, types.uint64, pointer, pointer, types.voidptr))
    def expand(dim, expanded, x, out, _):
        for i in range(d):
            out[i] = x[i]
        return 0

    def start(number) -> np.ndarray:
        return target.start + np.random.default_rng(number).uniform(-1, 1, size=d)

    model = CompiledPyMCModel(
        compiled_logp_func=log_density,
        compiled_expand_func=expand,
        initial_point_func=start,
        shared_data={},
        user_data=np.zeros(1),
        n_expanded=d,
        shape_info=(["x"], [slice(0, d)], [(d,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=d,
        _shapes={"x": (d,)},
        _coords={},
        dims={},
        _transform_adapt_args=None,
    )
    before = time.process_time()
    trace = nutpie.sample(
        model, chains=chains, tune=tune, draws=draws, target_accept=accept, seed=seed,
        progress_bar=False, save_warmup=True,
    )  # fmt: skip
    seconds = time.process_time() - before
    return NutpieDraws(
        positions=trace["posterior"]["x"].values,
        gradients=int(trace["sample_stats"]["n_steps"].values.sum()),
        tuning_gradients=int(trace["warmup_sample_stats"]["n_steps"].values.sum()),
        divergences=int(trace["sample_stats"]["diverging"].values.sum()),
        cpu_seconds=seconds,
    )
