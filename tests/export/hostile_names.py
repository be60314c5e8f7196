"""Names that mean something to a shell, a table, Markdown, HTML, LaTeX or a terminal."""

from __future__ import annotations

NAMES = (
    "plain",
    "a, b; c",
    'say "cheese"',
    "it's `code`",
    "rock & roll &amp; &#42;",
    "under_score_ _and_ __more__",
    "*star* **two** ***",
    "pipe | pipe || \\| end\\",
    "<b>bold</b> <script>alert(1)</script>",
    "[link](http://x.example) ![image](y)",
    "# heading",
    "- item",
    "1. first",
    "$5 and $x^2$ 100% ~tilde~ ~~gone~~",
    "{brace} \\begin{table} \\\\ % comment",
    "[1,2]",
    "--- -- ''quoted''",
    "two\nlines",
    "tab\tand\x1b[31mescape\x07",
    "😀 emoji 👩\u200d🚀",
    "Äpfel, žluťoučký, ąę, Straße, naïve",
    "αβγ ≤ ∞ ± × – — …",
    "кошка 猫",
    "right\u202eleft and\u200bnothing",
    " blanks at its ends ",
    "=cmd|' /C calc'!A0",
)
