"""A log density with its gradient in; draws from it out, with proof that they can be trusted.

Knows nothing of water: densities come from the folders above. Touches no file, plot or clock but the
processor's. May import ``stats`` and the leaves. Numba is imported by the modules that need it, never here.
"""
