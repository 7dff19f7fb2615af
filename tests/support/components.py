"""What a component says, as text."""

import json

from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder


def told(component: Component) -> str:
    """The whole tree as JSON, letters as they are."""
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)
