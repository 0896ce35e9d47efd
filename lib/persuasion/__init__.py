"""Multi-sender persuasion: exact games, networks that learn them, and equilibria with certificates.

Names are imported on first use, so that the learning side runs with numpy and torch alone, and reading a record
needs neither.
"""

from persuasion.system.interrupted import leave_quietly

leave_quietly()  # before the imports that take seconds

import lazy_loader  # noqa: E402

from persuasion.system import after_fork as after_fork  # noqa: E402

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
