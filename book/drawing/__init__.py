"""Pictures of computations: one call each, from structure, never from coordinates.

A call takes what the picture says (steps, gates, values) and an alternative text, and returns a
``Drawing`` that a cell displays: SVG in the page itself, in the palette's colours as CSS
variables, so it follows light and dark and prints on paper. Text stays legible at the width of
a phone, therefore each call has a limit of size and says so. ``$h(t-1)$`` in a label is maths.

    unrolled       a recurrent net, one column a step, beside its folded form
    both_ways      two nets that read one sequence from its two ends
    gradient_path  the error's way back, with its factors and, if given, its measured size
    cell           one step of a cell: a rail for the state, gates that write to it
    matrix         values as a grid: weights, masks, attention
    translation    one net reads, another writes: through one vector, or looking back
    tree           what an associative scan combines at each of its parallel steps
    head           what one token gets from one head of attention
    blocks         transformer blocks side by side, with the norm before or after
    cache          what attention holds after each step, beside a state of fixed size
    three_forms    one linear system as recurrence, as convolution and as scan
    scan_rounds    scans of a few steps: who is joined to whom, round by round
    trial          one trial of an experiment: the loop, the stop rule, the budget, the test
    strips         one sequence of each of several tasks, every step a stick
    grammar        the Reber graph, and the frame that asks for a memory
    who_waits      one sequence by loop, by scan and by attention, round by round
    shifts         who works when: workers over turns, for several ways to do a work
    one_block      a block on its side, with a slot for a layer
    choices        questions one below the other, and where each "yes" leads
    ways           ways to a gradient over time, side by side: what each lets through, and its cuts
"""

from drawing.blocks import blocks, cache, head
from drawing.canvas import Drawing
from drawing.cells import Apply, Gate, Keep, Read, Write, cell
from drawing.choices import Fork, choices, one_block
from drawing.grammar import grammar
from drawing.grids import matrix, tree
from drawing.looking import translation
from drawing.nets import both_ways, gradient_path, unrolled
from drawing.scans import scan_rounds, three_forms
from drawing.strips import Strip, strips
from drawing.trials import trial
from drawing.waiting import shifts, who_waits
from drawing.ways import Way, ways

__all__ = [
    "Apply",
    "Drawing",
    "Fork",
    "Gate",
    "Keep",
    "Read",
    "Strip",
    "Way",
    "Write",
    "blocks",
    "both_ways",
    "cache",
    "cell",
    "choices",
    "gradient_path",
    "grammar",
    "head",
    "matrix",
    "one_block",
    "scan_rounds",
    "shifts",
    "strips",
    "three_forms",
    "translation",
    "tree",
    "trial",
    "unrolled",
    "ways",
    "who_waits",
]
