// What a state remembers: the same formulas as book/touch/what_a_state_remembers.py.
import { start } from "./base.js";

const HEIGHTS = ["first", "second", "third", "fourth"];

/** The signal at a time between 0 and 1. */
function signal(s, settings, { wave }) {
  const place = s * (HEIGHTS.length - 1);
  const left = Math.min(Math.trunc(place), HEIGHTS.length - 2);
  const [low, high] = [settings[HEIGHTS[left]], settings[HEIGHTS[left + 1]]];
  return low + (place - left) * (high - low) + wave * Math.sin(2 * Math.PI * settings.waves * s);
}

/** p(0, s), p(1, s), ... */
function functions(s, count) {
  const x = 2 * s - 1;
  let [before, here] = [0, 1];
  return Array.from({ length: count }, (_, n) => {
    const found = Math.sqrt(2 * n + 1) * here;
    [before, here] = [here, ((2 * n + 1) * x * here - n * before) / (n + 1)];
    return found;
  });
}

/** The coefficients of the signal. */
function state(settings, data, count) {
  const found = new Array(count).fill(0);
  for (let number = 0; number < data.fine; number += 1) {
    const s = (number + 0.5) / data.fine;
    const u = signal(s, settings, data);
    functions(s, count).forEach((p, n) => {
      found[n] += (u * p) / data.fine;
    });
  }
  return found;
}

const times = ({ points }) => Array.from({ length: points + 1 }, (_, number) => number / points);

/** What so many coefficients give back. */
function rebuilt(settings, data, count) {
  const held = state(settings, data, count);
  return times(data).map((s) => functions(s, count).reduce((sum, p, n) => sum + held[n] * p, 0));
}

/** The root mean square of what is missing. */
const error = (timesAsMany) => (settings, data) => {
  const back = rebuilt(settings, data, timesAsMany * Math.trunc(settings.states));
  const missing = times(data).map((s, number) => back[number] - signal(s, settings, data));
  return Math.sqrt(missing.reduce((sum, m) => sum + m * m, 0) / missing.length);
};

export const curves = {
  back: (settings, data) => rebuilt(settings, data, Math.trunc(settings.states)),
  signal: (settings, data) => times(data).map((s) => signal(s, settings, data)),
};

export const numbers = { missing: error(1), missing_twice: error(2) };

start("what-a-state-remembers", curves, numbers);
