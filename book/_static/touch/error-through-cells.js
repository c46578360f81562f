// Error through cells: the same formulas as book/touch/error_through_cells.py.
import { start } from "./base.js";
import { curves as before } from "./error-through-time.js";

/** The measured norm of dh(T)/dh(T-k) of the plain net for every lag. */
function plain({ gain }, data) {
  return before.plain({ gain, slope: 1, drive: data.drive }, data);
}

/** w^k for every lag. */
function carousel({ loop }, { inputs }) {
  return inputs.map((_, lag) => loop ** lag);
}

/** f(T) ... f(T-k+1) for every lag, with f(t) = sigmoid(b + x(t)). */
function gated({ bias }, { inputs }) {
  let left = 1;
  const gates = inputs.slice(1).reverse();
  return [1, ...gates.map((x) => (left /= 1 + Math.exp(-bias - x)))];
}

export const curves = { carousel, gated, plain };

start("error-through-cells", curves);
