"""What people and scripts see: formats, tables, templates, messages, questions, progress."""

from hubcli.output.console import Output
from hubcli.output.selection import Choice, Selection
from hubcli.output.text import visible
from hubcli.output.views import FIELDS, Field, Kind, Row, View

__all__ = [
    "FIELDS",
    "Choice",
    "Field",
    "Kind",
    "Output",
    "Row",
    "Selection",
    "View",
    "visible",
]
