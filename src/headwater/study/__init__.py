"""Checked samples and settings in, a ``StudyResult`` out: strata × sources, end to end.

Touches no file (but ``read_settings.py``) and no plot. May import ``samples``, ``isotopes``, ``mixing``.
"""
