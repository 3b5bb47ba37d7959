"""Tags as names and rows: which are wanted, in which order, and which are the same image.

Pure. Rows are mappings with the fields of the tag view.
"""

from typing import TYPE_CHECKING

from hubcli import late

if TYPE_CHECKING:
    from hubcli.tags.keys import KEYS, read_choice
    from hubcli.tags.lines import KEEPS, Keep, Release, parse_keep, release
    from hubcli.tags.ordering import SORT_KEYS, Order, Row, grouped, natural, parse_order, version
    from hubcli.tags.selecting import TIMES, Choice, Names, choice, moment, names, told_time

__all__ = [
    "KEEPS",
    "KEYS",
    "SORT_KEYS",
    "TIMES",
    "Choice",
    "Keep",
    "Names",
    "Order",
    "Release",
    "Row",
    "choice",
    "grouped",
    "moment",
    "names",
    "natural",
    "parse_keep",
    "parse_order",
    "read_choice",
    "release",
    "told_time",
    "version",
]

__getattr__ = late.names(
    __name__,
    keys="KEYS read_choice",
    lines="KEEPS Keep Release parse_keep release",
    ordering="SORT_KEYS Order Row grouped natural parse_order version",
    selecting="TIMES Choice Names choice moment names told_time",
)
