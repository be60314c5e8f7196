"""A plot as part of an HTML page: the elements of SVG, without what a file of its own needs."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_HREF = "{http://www.w3.org/1999/xlink}href"
_DROPPED = frozenset({"metadata", "title"})


def inline_svg(data: bytes, prefix: str, words: str) -> str:
    """An SVG file of matplotlib as an element for a page.

    Args:
        prefix: of all ids, so that those of several plots in a page differ.
        words: what it shows, for those who cannot see it.
    """
    root = ElementTree.fromstring(data)
    for element in root.iter():
        for child in list(element):
            if _local(child.tag) in _DROPPED:
                element.remove(child)
        # A page needs no names of namespaces: its parser knows the elements.
        element.tag = _local(element.tag)
        element.attrib.update(_renamed(element.attrib, prefix))
        if _HREF in element.attrib:
            element.attrib["href"] = element.attrib.pop(_HREF)
        if element.tag == "style":
            # It would hold for all of the page; there it is said once.
            element.text = ""
    root.attrib.update({"role": "img", "aria-label": words})
    return ElementTree.tostring(root, encoding="unicode")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _renamed(attributes: dict[str, str], prefix: str) -> dict[str, str]:
    """The attributes that name a part of the file, or are its name."""
    renamed = {}
    for name, value in attributes.items():
        if name == "id":
            renamed[name] = prefix + value
        elif name == _HREF and value.startswith("#"):
            renamed[name] = f"#{prefix}{value[1:]}"
        elif "url(#" in value:
            renamed[name] = _REFERENCE.sub(rf"url(#{prefix}\1)", value)
    return renamed
