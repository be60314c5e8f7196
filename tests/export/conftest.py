"""What several modules of tests of exports take."""

from __future__ import annotations

import pytest
from export.comparisons import finished

from cnnlab.home import Home


@pytest.fixture
def groups(home: Home) -> list[str]:
    """Three seeds of one learning rate, and one of another."""
    slow = [
        finished(home, f"slow-{seed}", accuracy, "optimizer.lr=0.01", f"training.seed={seed}")
        for seed, accuracy in enumerate((0.90, 0.92, 0.97))
    ]
    return [*slow, finished(home, "fast", 0.8, "optimizer.lr=0.1", "training.seed=0")]
