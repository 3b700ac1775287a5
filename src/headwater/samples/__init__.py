"""Tables of water samples in, a checked ``SampleTable`` out.

Only ``read*.py`` and ``write*.py`` touch files. May import ``stats`` and the leaves.
"""
