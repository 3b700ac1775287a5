"""Vocabulary, standards, thresholds and outlines as data files, each value with its source."""
