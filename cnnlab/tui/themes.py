"""The app's own themes: dark, light, and one whose colours stay apart for colour-blind eyes.

Each names six colours for curves, which its background lets through. Those of `cnnlab-okabe-ito`
are from Okabe and Ito, Color Universal Design (2008).
"""

from __future__ import annotations

from textual.theme import Theme

CURVES = 6
"""Colours for curves in each theme, as the variables `curve-1` to `curve-6`."""


def _theme(name: str, *, dark: bool, curves: tuple[str, ...], **colours: str) -> Theme:
    variables = {f"curve-{number}": colour for number, colour in enumerate(curves, start=1)}
    return Theme(name=name, dark=dark, variables=variables, **colours)  # type: ignore[arg-type]


THEMES = (
    _theme(
        "cnnlab-dark",
        dark=True,
        primary="#5fafd7",
        secondary="#87afaf",
        accent="#ffaf5f",
        success="#87c987",
        warning="#e5c07b",
        error="#e06c75",
        foreground="#d8dee4",
        background="#14181d",
        surface="#1b2026",
        panel="#262d35",
        curves=("#5fd7ff", "#ffaf5f", "#87d787", "#d787d7", "#ff8787", "#87afff"),
    ),
    _theme(
        "cnnlab-light",
        dark=False,
        primary="#00639b",
        secondary="#47636f",
        accent="#a84b00",
        success="#1f7a34",
        warning="#8a5a00",
        error="#b3261e",
        foreground="#1d2329",
        background="#fafbfc",
        surface="#f0f3f6",
        panel="#e1e7ed",
        curves=("#005f9e", "#b35000", "#1f7a34", "#8b3f96", "#b3261e", "#3a4fc4"),
    ),
    _theme(
        "cnnlab-okabe-ito",
        dark=True,
        primary="#56b4e9",
        secondary="#999999",
        accent="#e69f00",
        success="#009e73",
        warning="#f0e442",
        error="#d55e00",
        foreground="#e6e6e6",
        background="#101010",
        surface="#181818",
        panel="#262626",
        curves=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442"),
    ),
)


def curve_colours(variables: dict[str, str]) -> tuple[str, ...]:
    """The colours of curves in the theme of these variables, as hexadecimal texts.

    Args:
        variables: those of `App.theme_variables`; a theme of others than us has none for curves,
            and then its main colours serve.
    """
    named = tuple(variables.get(f"curve-{number}", "") for number in range(1, CURVES + 1))
    if all(named):
        return named
    main = ("primary", "accent", "success", "secondary", "error", "warning")
    return tuple(variables[name] for name in main)
