"""HTML without a Dash component for each element."""

import pytest
from dash import dcc, html

from dashboard.components.attributes import aria
from dashboard.components.plain import Plain


def test_a_tree_keeps_its_elements_attributes_texts_and_order() -> None:
    row = html.Tr([html.Th("Quận 1", scope="row"), html.Td(3, className="few", **aria(label="three"))])

    (tree,) = Plain(html.Table(html.Tbody([row, None]), className="figures")).tree

    cells = [["th", {"scope": "row"}, ["Quận 1"]], ["td", {"className": "few", "aria-label": "three"}, [3]]]
    assert tree == ["table", {"className": "figures"}, [["tbody", {}, [["tr", {}, cells]]]]]


def test_what_does_something_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="Store is no element of HTML"):
        Plain(html.Div(dcc.Store(id="kept")))


def test_an_element_a_callback_could_ask_for_is_refused() -> None:
    with pytest.raises(TypeError, match="id"):
        Plain(html.Div(html.P("filled later", id="filled")))
