r"""Any text as LaTeX that compiles with nothing but LaTeX's own commands and fonts.

pylatexenc knows a command for most letters and signs; those that need further packages are not
taken. What is left has no sign in LaTeX's standard fonts (emoji, Chinese, Cyrillic) or none at all
(control characters), and is written by its number, as `[U+1F600]`.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from pylatexenc.latexencode import UnicodeToLatexEncoder

_OWN = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
    # The usual fonts have a curly one in its place.
    '"': r"{\ttfamily\char34}",
    # Behind the end of a row these would be read as its arguments.
    "[": "{[}", "]": "{]}", "*": "{*}",
    "±": r"$\pm$", "×": r"$\times$", "\u2212": "$-$", "–": "--", "—": "---", "…": r"\ldots{}",
    "\xa0": "~", "\xad": "{[U+00AD]}",
}  # fmt: skip
_ACCENTS = "' ` ^ ~ = . \" c r u v H"
_LETTERS = "AA AE L O OE aa ae i j l o oe ss"
_SIGNS = """
textbardbl textbrokenbar textbullet textcent textcopyright textcurrency textdagger textdaggerdbl
textdegree textellipsis textemdash textendash textexclamdown textonehalf textonequarter
textonesuperior textordfeminine textordmasculine textparagraph textperiodcentered textperthousand
textquestiondown textquotedblleft textquotedblright textquoteleft textquoteright textregistered
textsection textsterling textthreequarters textthreesuperior texttimes texttrademark
texttwosuperior textyen textdiv textlnot texteuro textleftarrow textrightarrow
"""
_MATH = """
Delta Gamma Lambda Leftarrow Leftrightarrow Omega Phi Pi Psi Rightarrow Sigma Theta Upsilon Xi alpha
approx beta cap cdot chi circ cong cup delta ell epsilon equiv eta exists forall gamma geq gg in
infty int iota kappa lambda langle leftarrow leftrightarrow leq ll mu nabla neq ni notin nu omega
oplus otimes parallel partial perp phi pi pm prod propto psi rangle rho rightarrow sigma sim simeq
star subset subseteq sum supset supseteq tau theta times uparrow downarrow varphi varsigma vartheta
vee wedge xi zeta varepsilon
"""
_IN_TEXT = frozenset(f"{_ACCENTS} {_LETTERS} {_SIGNS}".split())
_IN_MATH = frozenset(f"ensuremath {_MATH}".split())
_NEWER = """
DH DJ NG TH dh dj k ng th guillemotleft guillemotright guilsinglleft guilsinglright quotedblbase
quotesinglbase
"""
"""Commands that only the newer one of LaTeX's encodings of fonts has."""
_IN_T1 = frozenset(_NEWER.split())

_ENCODER = UnicodeToLatexEncoder(unknown_char_policy="fail", unknown_char_warning=False)
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_LIGATURE = re.compile(r"([-',])(?=\1)")
_PICTURES = range(0x2400, 0x2422)


def latex(text: str) -> str:
    """A text from outside as LaTeX, on one line."""
    parts = _LIGATURE.sub("\\1\0", unicodedata.normalize("NFC", text)).split("\0")
    return "{}".join("".join(map(_sign, part)) for part in parts).replace("  ", r" \ ")


@functools.cache
def _sign(character: str) -> str:
    if character in _OWN:
        return _OWN[character]
    if " " <= character <= "~":
        return character
    return _known(character) or f"{{[U+{_code(character):04X}]}}"


def _code(character: str) -> int:
    """The number of a character; of a picture of a control character the number of that."""
    code = ord(character)
    if code in _PICTURES:
        return 0x7F if code == _PICTURES[-1] else code - _PICTURES[0]
    return code


def _known(character: str) -> str:
    """What pylatexenc writes where LaTeX alone knows that; empty where it does not."""
    try:
        found: str = _ENCODER.unicode_to_latex(character)
    except ValueError:
        return ""
    commands = set(_COMMAND.findall(found))
    if not commands:
        return ""
    if commands <= _IN_TEXT:
        return f"{{{found}}}"
    if found.startswith(r"\ensuremath") and commands <= _IN_MATH:
        return found
    if commands <= _IN_TEXT | _IN_T1:
        return rf"{{\fontencoding{{T1}}\selectfont{found}}}"
    return ""
