"""The tree of reports, studies and rows: labels that fit, a cursor that stays with its entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from cnnlab.export.format import one_line
from cnnlab.tui.screens.presets.catalog import (
    START,
    Branch,
    BrokenEntry,
    ReportEntry,
    RowEntry,
    RunEntry,
    SectionEntry,
    StudyEntry,
    UnreadEntry,
)
from cnnlab.tui.screens.presets.palette import Palette
from cnnlab.tui.screens.presets.standing import FAILED, OTHERWISE, TRAINED, Standing
from cnnlab.tui.screens.presets.words import report_title
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import ROWS

Node = TreeNode[Branch]

_INDENT = 2


class PresetTree(Sturdy, Tree[Branch]):
    """All that can be trained. Which branches are open is kept by their keys."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Choose", tooltip="Open the launch form"),
        *ROWS,
        Binding("right,l", "inwards", "Inwards", show=False),
        Binding("left,h", "outwards", "Outwards", show=False),
        Binding("g", "first_line", "First", show=False),
        Binding("G", "last_line", "Last", show=False),
    ]

    class Inwards(Message):
        """The cursor goes on from an entry that has nothing below it: to its details."""

    def __init__(self, palette: Palette) -> None:
        super().__init__("")
        self.show_root = False
        self.show_guides = False
        self.guide_depth = _INDENT
        self.palette = palette
        self.standing = Standing()
        self._opened: dict[str, bool] = {}
        self._searching = False

    # Contents

    @property
    def here(self) -> Branch | None:
        """The branch under the cursor."""
        node = self.cursor_node
        return node.data if node is not None else None

    def fill(self, branches: Sequence[Branch], *, searching: bool) -> None:
        """Shows these branches; the cursor stays on its entry, or goes to the first leaf.

        Args:
            searching: whether they are what a search found; all are then open, and it is forgotten
                which ones are opened or closed meanwhile.
        """
        key = self.here.key if self.here is not None else ""
        scroll = self.scroll_offset.y
        self.cursor_line = -1
        self._searching = searching
        self.clear()
        self._add(self.root, branches)
        node = self._node_of(key) or self._first_leaf()
        if node is None:
            return
        self._open_above(node)
        self._lay_out()
        self.scroll_to(y=scroll, animate=False, immediate=True)
        self.move_cursor(node)

    def go_to(self, key: str) -> None:
        """Puts the cursor on a branch, if it is there."""
        node = self._node_of(key)
        if node is not None:
            self._open_above(node)
            self._lay_out()
            self.move_cursor(node)

    def stand(self, standing: Standing) -> None:
        """Takes what the history has of the entries; draws those of which it says other things."""
        before, self.standing = self.standing, standing
        for node in self._all_below(self.root):
            if node.data is not None and _shows(node.data, before) != _shows(node.data, standing):
                node.refresh()

    def _add(self, parent: Node, branches: Iterable[Branch]) -> None:
        for branch in branches:
            if not branch.branches:
                parent.add_leaf("", branch)
                continue
            opened = self._searching or self._opened.get(branch.key, branch.opened)
            self._add(parent.add("", branch, expand=opened), branch.branches)

    def _node_of(self, key: str) -> Node | None:
        found = (node for node in self._all_below(self.root) if node.data and node.data.key == key)
        return next(found, None)

    def _first_leaf(self) -> Node | None:
        leaves = (node for node in self._all_below(self.root) if not node.allow_expand)
        return next(leaves, None)

    def _all_below(self, above: Node) -> Iterator[Node]:
        for node in above.children:
            yield node
            yield from self._all_below(node)

    def _open_above(self, node: Node) -> None:
        above = node.parent
        while above is not None and above is not self.root:
            above.expand()
            above = above.parent

    def _lay_out(self) -> None:
        """Gives each node its line: Textual does so when the lines are next asked for."""
        _ = self.last_line

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Branch]) -> None:
        """Remembers it."""
        self._remember(event.node, opened=True)

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[Branch]) -> None:
        """Remembers it; a cursor inside comes out."""
        self._remember(event.node, opened=False)
        above = self.cursor_node
        while above is not None and above is not event.node:
            above = above.parent
        if above is not None:
            self.move_cursor(event.node)

    def _remember(self, node: Node, *, opened: bool) -> None:
        if node.data is not None and not self._searching:
            self._opened[node.data.key] = opened

    # Keys and mouse

    def action_inwards(self) -> None:
        """Opens a branch, or goes to its first entry; from a leaf to its details."""
        node = self.cursor_node
        if node is None:
            return
        if not node.allow_expand:
            self.post_message(self.Inwards())
        elif node.is_expanded:
            self.action_cursor_down()
        else:
            node.expand()

    def action_outwards(self) -> None:
        """Closes a branch, or goes to the one that holds the entry."""
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and node.is_expanded:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def action_first_line(self) -> None:
        """Goes to the first entry."""
        self.action_scroll_home()

    def action_last_line(self) -> None:
        """Goes to the last entry."""
        self.action_scroll_end()

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there; opens a branch at once, an entry when it is clicked again."""
        event.prevent_default()
        line = event.style.meta.get("line")
        if line is None:
            return
        again = line == self.cursor_line
        self.cursor_line = line
        node = self.cursor_node
        if node is not None and (again or node.allow_expand):
            self.action_select_cursor()

    # Labels

    def get_label_width(self, node: Node) -> int:
        """No label makes the tree wider than it is: each is cut to the room that it has."""
        del node
        return 1

    def render_label(self, node: Node, base_style: Style, style: Style) -> Text:
        """Sign and title, the name beside it if there is room, and the count at the right."""
        del base_style
        room = self.scrollable_content_region.width - _INDENT * _depth(node)
        if node.data is None or room <= 0:
            return Text()
        icon = ("▾ " if node.is_expanded else "▸ ") if node.allow_expand else ""
        sign, title, name, count = _shows(node.data, self.standing)
        entry = node.data.entry
        left = Text.assemble((icon or f"{sign or ' '} ", self._sign_style(sign)))
        left.append(title, self.palette.bad if isinstance(entry, BrokenEntry) else "")
        least = left.cell_len + len(name) + len(count) + 4
        if name and least <= room:
            left.append(f"  {name}", self.palette.muted)
        gap = 1 if count else 0
        left.truncate(max(room - len(count) - gap, 1), overflow="ellipsis", pad=True)
        text = left.append(" " * gap).append(count, self.palette.muted)
        # The cursor's colours lie over all of the line.
        text.stylize_before(style)
        if node is self.cursor_node:
            text.stylize(Style(bgcolor=style.bgcolor))
        return text

    def _sign_style(self, sign: str) -> str:
        if not sign:
            return self.palette.muted
        palette = self.palette
        styles = {TRAINED: palette.good, OTHERWISE: palette.muted, FAILED: palette.bad}
        return styles.get(sign, self.palette.accent)


def _shows(branch: Branch, standing: Standing) -> tuple[str, str, str, str]:
    """Sign, title, name and count of a branch."""
    entry = branch.entry
    match entry:
        case RowEntry():
            name = entry.row.name if not entry.alone else entry.row.preset.name
            sign = standing.sign(entry.row)
            title = "Start here" if name == START else entry.row.title
            return sign, one_line(title), one_line(name) if name != title else "", ""
        case StudyEntry():
            count = _count(entry, standing)
            name = entry.study.name
            return "", one_line(entry.study.about.title or name), "", count
        case ReportEntry():
            count = _count(entry, standing) if entry.studies else ""
            return "", one_line(report_title(entry.name)), "", count
        case UnreadEntry():
            return "", one_line(entry.name), "", ""
        case BrokenEntry():
            return "×", one_line(entry.name), one_line(entry.error), ""
        case RunEntry():
            return "", one_line(entry.run.name), one_line(entry.run.preset or ""), ""
        case SectionEntry():
            return "", entry.title, "", ""


def _count(entry: StudyEntry | ReportEntry, standing: Standing) -> str:
    """How many of its rows were trained as the study says."""
    count = standing.count(entry.rows)
    return f"{count.as_said}/{count.rows}"


def _depth(node: Node) -> int:
    """How many branches lie above a node, the root aside."""
    depth, above = 0, node.parent
    while above is not None and above.parent is not None:
        depth, above = depth + 1, above.parent
    return depth
