"""Formats of loggers and messages, one file each: bytes in, readings and problems out; nothing opens a file.

A file gives a ``Parsed`` whose lines add up, a message a ``Message`` or a ``Refusal`` with its reason.
"""
