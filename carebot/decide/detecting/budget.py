"""How many independent chances for a false alarm do the cells of a brand have? What is told of one cell is multiplied by that.

A budget of false alarms is the whole brand's. It is shared evenly among its cells, but for those that cannot spend their share: a cell so
quiet that three people seldom meet in it within the hour takes what it can raise, and the others have the rest. A cell that has
nearly all the messages of the one above it is the same series under another name, and is no chance of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carebot.decide.detecting import baseline
from carebot.decide.detecting.cells import Cell, Table

SAME = 0.9  # of the messages of the cell above
_MONTH, _HOUR = 43_200, 60  # minutes


def tests(table: Table, brand: str) -> float:
    """Independent chances, at least 1; remembered on the table until it learns or a cell is added."""
    if brand not in table.tests:
        table.tests[brand] = _tests(table, brand)
    return table.tests[brand]


def _tests(table: Table, brand: str) -> float:
    mine = [(cell, row) for cell, row in table.rows.items() if cell.brand == brand]
    rates = dict(zip([cell for cell, _ in mine], baseline.an_hour(table, [row for _, row in mine]) / 60, strict=True))
    own = [rate for cell, rate in rates.items() if cell == Cell(brand) or rate < SAME * rates[_above(cell)]]
    return 1 / _even_share(_most(np.array(own, np.float64)))


def _above(cell: Cell) -> Cell:
    """The cell this one is a part of: its service's, of a service its brand's."""
    return Cell(cell.brand, cell.service) if cell != Cell(cell.brand, cell.service) else Cell(cell.brand)


def _most(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """False alarms a month that a cell can raise at most: how often two people more come within the hour after one."""
    return _MONTH * rates * (_HOUR * rates) ** 2 / 2


def _even_share(most: NDArray[np.float64]) -> float:
    """The share s at which the sum of min(s, what each can raise) is one; 1 where they cannot raise as much together."""
    ordered = np.sort(most)
    spent = 0.0
    for place, one in enumerate(ordered.tolist()):
        share = (1 - spent) / (len(ordered) - place)
        if one >= share:
            return float(share)
        spent += one
    return 1.0
