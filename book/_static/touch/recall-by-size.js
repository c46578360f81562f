// Recall against the size of the state: the same results as book/touch/recall_by_size.py.
import { start } from "./base.js";

const SIZES = [16, 64, 256];

const line = (which, number) => (settings, { found }) => found[Math.trunc(settings[which])][number];

/** The share in percent at the chosen number of pairs. */
const here = (which, number) => (settings, data) =>
  100 * line(which, number)(settings, data)[Math.trunc(settings.pairs) - 1];

const forEach = (name, make) =>
  Object.fromEntries(
    ["layer", "other"].flatMap((which) =>
      SIZES.map((size, number) => [`${which}${name}_${size}`, make(which, number)]),
    ),
  );

export const curves = forEach("", line);
export const numbers = forEach("_here", here);

start("recall-by-size", curves, numbers);
