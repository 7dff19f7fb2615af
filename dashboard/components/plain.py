"""HTML that no callback fills: one component for all of it, since each of Dash's own costs a browser two milliseconds.

A table of three thousand cells kept a page still for six seconds; drawn by ``assets/plain.js`` it is there at once.
"""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

#: What Dash keeps beside the attributes of an element.
_OWN = ("n_clicks", "n_clicks_timestamp", "disable_n_clicks", "key", "loading_state")
#: ``[element, attributes, children]``, or the text that stands there.
Tree = str | int | float | list[Any]


class Plain(Component):
    """``components`` of ``dash.html`` as they stand.

    Raises:
        TypeError: one of them is no element of HTML, or has an id, by which a callback would look for it in vain.
    """

    # Dash reads these from the class, as lists.
    _namespace = "dashboard"
    _type = "Plain"
    _prop_names = ["tree"]  # noqa: RUF012
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    _base_nodes: list[str] = []  # noqa: RUF012

    def __init__(self, *components: Component) -> None:
        super().__init__(tree=[_tree(component) for component in components])  # type: ignore[no-untyped-call]


def _tree(node: Any) -> Tree:
    """A node and all under it, in the shape ``assets/plain.js`` draws."""
    if isinstance(node, str | int | float):
        return node
    if not isinstance(node, Component) or node._namespace != "dash_html_components":
        raise TypeError(f"{type(node).__name__} is no element of HTML and cannot be drawn plainly")
    props = dict(node.to_plotly_json()["props"])  # type: ignore[no-untyped-call]
    if "id" in props:
        raise TypeError(f"the id {props['id']} is drawn plainly: no callback can fill it")
    children = props.pop("children", None)
    attributes = {name: value for name, value in props.items() if value is not None and name not in _OWN}
    return [node._type.lower(), attributes, [_tree(child) for child in _listed(children)]]


def _listed(children: Any) -> list[Any]:
    listed = children if isinstance(children, list | tuple) else [children]
    return [child for child in listed if child is not None]
