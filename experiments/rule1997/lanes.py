"""Eight multiplications and additions at once, for loops that a compiler does not see through.

The compiler unrolls a loop of eight before it looks for vectors, and then cannot tell that two
arrays do not overlap. These two functions say outright that eight neighbours are one vector.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)


def _row(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    """Return a pointer to the eight numbers that begin at ``offset``."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), VECTOR.as_pointer())


@intrinsic
def add_product(typing: Any, target: Any, at: Any, a: Any, at_a: Any, b: Any, at_b: Any) -> Any:
    """Do target[at + k] += a[at_a + k] * b[at_b + k] for k = 0 .. 7, on flat positions."""
    arrays = target, a, b

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows = [
            _row(context, builder, kind, arguments[2 * i], arguments[2 * i + 1])
            for i, kind in enumerate(arrays)
        ]
        total, left, right = (builder.load(row, align=8) for row in rows)
        fast = ("contract",)
        product = builder.fmul(left, right, flags=fast)
        builder.store(builder.fadd(total, product, flags=fast), rows[0], align=8)
        return context.get_dummy_value()

    places = (types.intp, types.intp, types.intp)
    flat = [kind for pair in zip(arrays, places, strict=True) for kind in pair]
    return types.void(*flat), code
