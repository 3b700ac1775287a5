"""Mixing models with full uncertainty: a declared model and its data in; draws of every share out.

Touches no file (but ``read_*.py``), plot or clock. May import the algebra beside it in ``mixing``,
``posterior``, ``stats`` and the leaves. Numba is imported by the kernels only.
"""
