"""The one signature of every compiled density."""

from numba import types

VECTOR = types.float64[::1]
INTS = types.int64[::1]
DENSITY = types.float64(VECTOR, VECTOR, VECTOR, INTS)
DENSITY_TYPE = types.FunctionType(DENSITY)
