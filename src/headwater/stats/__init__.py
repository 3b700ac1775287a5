"""Arrays in, arrays out: lines with errors, intervals, distances, resampling.

Imports nothing of headwater but the leaves.
"""
