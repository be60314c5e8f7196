"""What the words beside the tree are coloured with."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.export.study_layout import Tones


@dataclass(frozen=True)
class Palette:
    """Rich styles in the colours of the theme."""

    title: str
    accent: str
    good: str
    far: str
    bad: str
    muted: str = "dim"

    @property
    def tones(self) -> Tones:
        """Those of the tables of a study."""
        return Tones(heading=self.muted, far=self.far, muted=self.muted)
