"""Formats of station files, loggers and messages, one each: bytes in, readings and problems out.

A file gives a ``Parsed`` whose lines add up, a message a ``Message`` or a ``Refusal`` with its reason.
Imports records and vocabularies of ``stations`` only; nothing opens a file.
"""
