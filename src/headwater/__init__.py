"""headwater: from water samples and sensors to restoration decisions.

Import the folder you need: ``headwater.samples``, ``headwater.isotopes``, ``headwater.mixing``,
``headwater.study``. This module imports nothing, so that ``import headwater`` costs nothing.
"""

__version__ = "0.1.0"
