"""Owns how charts look, in light and dark, and what of pygal's drawing is kept.

A chart is one file without scripts, links or fonts from elsewhere, so that any policy of a page
(CSP) lets it be shown; it takes its colours from whoever looks (`prefers-color-scheme`).
"""

import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element

if TYPE_CHECKING:
    from pygal import Config
    from pygal.graph.graph import Graph
    from pygal.style import Style

WIDTH: Final = 800
HEIGHT: Final = 420
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

# By name: in light, in dark. Blue and orange are told apart by people who see no red or green.
_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "ground": ("#ffffff", "#16191d"),
    "text": ("#1f2328", "#e6e8eb"),
    "soft": ("#59636e", "#9aa4af"),
    "guide": ("#d8dde3", "#343b43"),
    "income": ("#1f6fd1", "#58a6ff"),
    "expense": ("#c4560f", "#f0883e"),
}

# Scripts, what they would show of each figure, and comments, which carry the day.
_LEFT_OUT: Final = frozenset({"script", "desc"})


@cache
def drawing() -> Any:
    """Return pygal, loaded with the first chart: it takes 2 MiB."""
    import pygal

    # It hooks itself into every import of the process, by a protocol that Python 3.12 has dropped,
    # for plugins that are not used here.
    fixer = pygal.PluginImportFixer
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, fixer)]
    return pygal


def _variables(which: int) -> str:
    return "".join(f"--{name}:{pair[which]};" for name, pair in _COLOURS.items())


def _colour(name: str) -> str:
    return f"var(--{name})"


_CSS: Final = (
    f"inline:svg{{{_variables(0)}color-scheme:light dark}}"
    f"@media (prefers-color-scheme:dark){{svg{{{_variables(1)}}}}}"
    "svg{user-select:text;-webkit-user-select:text}"
    ".axis .line{stroke:var(--soft)}"
    ".axis text,.axis text.major{fill:var(--soft)}"
    # pygal's `stroke_style` is lost: its own rule for what reacts to a pointer is nearer.
    ".line.reactive{stroke-width:2.5;stroke-opacity:1}"
    # Figures stand after the end of their bars, not across it.
    "text.value{text-anchor:start;transform:translateX(6px)}"
)


def style(*colours: str) -> "Style":
    """Return the style of a chart whose series have these colours, by their names."""
    return drawing().style.Style(
        background=_colour("ground"),
        plot_background=_colour("ground"),
        foreground=_colour("text"),
        foreground_strong=_colour("text"),
        foreground_subtle=_colour("soft"),
        guide_stroke_color=_colour("guide"),
        major_guide_stroke_color=_colour("guide"),
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
        font_family=_FONT,
        title_font_size=18,
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=13,
        value_font_size=12,
        no_data_font_size=20,
        opacity=".85",
        colors=tuple(map(_colour, colours)),
        value_colors=(_colour("text"),) * len(colours),
    )


def config(title: str, nothing: str, colours: tuple[str, ...], **options: Any) -> "Config":
    """Return what all charts have in common; `options` are pygal's."""
    return drawing().Config(
        title=title,
        no_data_text=nothing,
        style=style(*colours),
        css=["file://style.css", "file://graph.css", _CSS],
        js=[],
        width=WIDTH,
        height=HEIGHT,
        margin=16,
        no_prefix=True,  # a name of its own would differ each time
        truncate_legend=-1,
        truncate_label=-1,
        **options,
    )


def rendered(graph: "Graph", description: str) -> bytes:
    """Return a chart as an SVG file, described for those who can't see it."""
    graph.add_xml_filter(_cleared(description))
    text: str = graph.render(is_unicode=True, disable_xml_declaration=True)
    return text.encode()


def _cleared(description: str) -> Callable[[Element], Element]:
    def clear(root: Element) -> Element:
        for parent in list(root.iter()):
            for child in list(parent):
                if not isinstance(child.tag, str) or child.tag in _LEFT_OUT:
                    parent.remove(child)
        told = Element("desc", id="desc")
        told.text = description
        root.insert(0, told)
        for title in root.findall("title"):
            title.attrib["id"] = "title"
        root.attrib.pop("id", None)
        root.attrib |= {"role": "img", "aria-labelledby": "title desc"}
        return root

    return clear
