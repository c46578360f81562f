// Where the gradient stops: the same formulas as book/touch/where_the_gradient_stops.py.
import { start } from "./base.js";

const [FULL, WINDOWS, RTRL, RULE] = [0, 1, 2, 3];

/** What was measured of the chosen task's nets, before or after training. */
const of = ({ task, when }, { heard }) => heard[Math.trunc(task)][Math.trunc(when)];

/** How many steps error may go back. */
const window = (settings, data) =>
  Math.trunc(settings.rule) === WINDOWS
    ? Math.trunc(settings.window)
    : of(settings, data).matters.length;

/** 1 for every step that may hold a mark or a bit. */
const matters = (settings, data) => of(settings, data).matters;

/** 1 for every step whose activations are kept at the end. */
function kept(settings, data) {
  const forward = [RTRL, RULE].includes(Math.trunc(settings.rule));
  const many = forward ? 1 : window(settings, data);
  return matters(settings, data).map((_, t, steps) => Number(t >= steps.length - many));
}

/** The size of what every step adds, by kind of weights. */
const hears = (kind) => (settings, data) => {
  const added = of(settings, data).steps[Math.trunc(settings.rule) === RULE ? "1997" : "full"];
  const first = added[kind].length - window(settings, data);
  return added[kind].map((value, t) => (t >= first ? value : 0));
};

/** The median (place 0) or the lowest cosine of eight nets. */
const cosine = (place) => (settings, data) => {
  const rule = Math.trunc(settings.rule);
  if (rule === FULL || rule === RTRL) return 1;
  const found = of(settings, data);
  const pair = rule === RULE ? found["1997"] : found.windows[window(settings, data) - 1];
  return pair[place];
};

export const curves = {
  matters,
  kept,
  cells: hears("cells"),
  inputs: hears("input gates"),
  outputs: hears("output gates"),
};

export const numbers = { cosine: cosine(0), lowest: cosine(1) };

start("where-the-gradient-stops", curves, numbers);
