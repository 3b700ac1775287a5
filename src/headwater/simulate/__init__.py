"""A seed in, a virtual headwater region with known truth out.

May import any science folder; imported by ``cli``, tests and benchmarks only.
"""
