"""How plots look on paper: sizes, colours, fonts, and texts that fit.

Widths are those of one and two columns in journals of the IEEE. Colours are those of Okabe and
Ito, which people with any colour vision tell apart; as many prints are grey, lines differ in their
markers or dashes too. Text in SVG files stays text: it can be searched and edited, and is shown in
whatever fonts its reader has. In PDF files fonts are embedded as TrueType, as publishers ask.

Sources: IEEE Author Center, Resolution and Size; M. Okabe, K. Ito, Color Universal Design, 2008.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.legend import Legend

from cnnlab.export.format import one_line

ONE_COLUMN, TWO_COLUMNS = 3.5, 7.16
"""Widths of a figure, in inches."""
TALLEST = 8.8
"""Inches of a page that a figure may take with its caption below."""
POINTS = 72
"""Points of an inch."""
TEXT, SMALL, TINY = 8.0, 7.0, 5.0
"""Sizes of labels, of numbers and legends, and the smallest that can be read, in points."""
LINE_SPACING = 1.25
"""Distance of two lines of text, in their size."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Those of Okabe and Ito that can be seen as thin lines on white."""
SPREAD = "± standard deviation"
"""What bands and bars around means are, in legends."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, MUTED = "#262626", "#595959"

_OTHER_SCRIPTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Source Han Sans",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "IPAexGothic",
    "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic",
    "Arial Unicode MS", "Noto Sans Symbols 2", "Noto Sans Symbols2", "Noto Emoji", "Symbola",
    "Unifont",
)  # fmt: skip
"""Fonts for what DejaVu Sans, which comes with matplotlib, lacks; those that are there are used."""
_ALIKE = ("Verdana", "Arial", "Helvetica")
"""Fonts for SVG where DejaVu Sans is not installed; the first is as wide, others narrower."""

_SIGNS = {**dict.fromkeys(range(0x2400, 0x2422), "\ufffd"), 0x240A: "\u21b5"}

_STYLE: dict[Any, Any] = {
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.02,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.4,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "lines.markeredgewidth": 0.6,
    "patch.linewidth": 0.4,
    "hatch.linewidth": 0.5,
    "hatch.color": "white",
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.columnspacing": 1.4,
    "legend.borderpad": 0.0,
    "legend.borderaxespad": 0.6,
    "figure.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.02,
    "figure.constrained_layout.h_pad": 0.02,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    # Names of parts come from their contents, not from chance.
    "svg.hashsalt": "cnnlab",
    # Names of runs and classes are no formulas.
    "text.parse_math": False,
    "text.usetex": False,
}


@contextmanager
def paper_style(*, for_browsers: bool = False) -> Iterator[None]:
    """Draws in this style, whatever a user's own settings of matplotlib are.

    Its warnings are kept off the terminal; see `missing_glyphs` for the one that matters.

    Args:
        for_browsers: whether text stays text, and names fonts that its reader may have instead.
    """
    families = [*_families(), *((*_ALIKE, "sans-serif") if for_browsers else ())]
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        matplotlib.rcParams["font.sans-serif"] = ["DejaVu Sans"]
        # Each one of this list stands in where those before it lack a character.
        matplotlib.rcParams["font.family"] = families
        yield


@lru_cache
def _families() -> tuple[str, ...]:
    installed = set(fontManager.get_font_names())
    return ("DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed))


def plain(name: str) -> str:
    """A name from outside in one line, control characters as signs that the fonts have."""
    return one_line(name).translate(_SIGNS)


def label(text: str) -> str:
    """What an axis shows, with a capital as all labels have."""
    return plain(text[:1].upper() + text[1:])


def label_of(figure: Figure, text: str, of: str) -> str:
    """What an axis shows, and what that is of, in a line below where one has no room for both."""
    whole = label(f"{text}, {of}" if of else text)
    if not of or text_width(figure, whole, TEXT) <= figure.get_figwidth() / 2:
        return whole
    return f"{label(text)}\n{plain(of)}"


def mean_of(name: str, runs: int) -> str:
    """What a legend calls the mean of so many runs."""
    return f"{name}, mean of {runs}" if runs > 1 else name


def missing_glyphs(texts: Iterable[str]) -> list[str]:
    """The characters for which no font is installed; they are drawn as boxes in PNG and PDF."""
    shown = {sign for text in texts for sign in plain(text) if sign.isprintable()}
    for family in _families():
        shown -= {chr(code) for code in _codes(family)}
    return sorted(shown)


@lru_cache
def _codes(family: str) -> frozenset[int]:
    path = fontManager.findfont(FontProperties(family=family), fallback_to_default=False)
    return frozenset(get_font(path).get_charmap())


def blank(width: float, height: float, *, placed: bool = False) -> Figure:
    """An empty figure of so many inches; its parts find their places unless they are placed."""
    figure = Figure(figsize=(width, height), layout=None if placed else "constrained")
    FigureCanvasAgg(figure)
    return figure


def colour(number: int) -> str:
    """The colour of a series."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """The marker of a series; colours that come again have another one."""
    return MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]


def text_width(figure: Figure, text: str, size: float) -> float:
    """The width of a text, in inches."""
    font = FontProperties(size=size)
    measure: Any = _renderer(figure).get_text_width_height_descent
    return float(measure(text, font, ismath=False)[0]) / figure.dpi


def fitting(figure: Figure, name: str, size: float, widest: float) -> str:
    """A name in one line that is no wider than so many inches, with dots in its middle.

    The ends of names tell more than their middles: `resnet lr=0.1…seed=3`.
    """
    text = plain(name)
    if text_width(figure, text, size) <= widest:
        return text
    fewest, most = 0, len(text) - 1
    while fewest < most:
        kept = (fewest + most + 1) // 2
        if text_width(figure, _cut(text, kept), size) <= widest:
            fewest = kept
        else:
            most = kept - 1
    return _cut(text, fewest)


def _cut(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return f"{text[:head].rstrip()}…{text[len(text) - kept + head :].lstrip()}"


def legend_above(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend over the whole width above the plots, where it hides nothing.

    The figure grows by its height, so that plots stay as large as they were.
    """
    width = figure.get_figwidth()
    texts = [fitting(figure, label, SMALL, width - 0.6) for label in labels]
    for columns in range(min(len(texts), 6), 0, -1):
        legend = _legend(figure, handles, texts, columns)
        box = legend.get_window_extent(_renderer(figure))
        if box.width / figure.dpi <= width - 0.05 or columns == 1:
            break
        legend.remove()
    figure.set_figheight(figure.get_figheight() + box.height / figure.dpi + 0.05)


def _legend(figure: Figure, handles: Sequence[Any], texts: Sequence[str], columns: int) -> Legend:
    """A legend that is read row by row; matplotlib fills columns."""
    rows = -(-len(texts) // columns)
    order = [
        row * columns + column
        for column in range(columns)
        for row in range(rows)
        if row * columns + column < len(texts)
    ]
    # Labels that begin with an underscore would be left out.
    legend = figure.legend(
        [handles[at] for at in order],
        ["." for _ in order],
        loc="outside upper left",
        ncols=columns,
    )
    for text, at in zip(legend.get_texts(), order, strict=True):
        text.set_text(texts[at])
    return legend


def _renderer(figure: Figure) -> RendererAgg:
    canvas: Any = figure.canvas
    renderer: RendererAgg = canvas.get_renderer()
    return renderer
