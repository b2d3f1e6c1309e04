"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is; what must be fast is tested by itself.
settings.register_profile("ours", settings(), deadline=None)
settings.load_profile("ours")
