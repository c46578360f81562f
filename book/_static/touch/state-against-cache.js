// State against cache: the same formulas as book/touch/state_against_cache.py.
import { start } from "./base.js";

/** The bytes that a stack holds after 10^exponent tokens. */
function held({ bytes: [fixed, each] }, exponent, blocks) {
  return blocks * (fixed + each * 10 ** exponent);
}

/** The seconds that one more token takes after 10^exponent tokens. */
function took({ contexts, seconds }, exponent, blocks) {
  const found = contexts.findIndex((context, number) => number > 0 && context >= exponent);
  const right = found < 0 ? contexts.length - 1 : found;
  const share = (exponent - contexts[right - 1]) / (contexts[right] - contexts[right - 1]);
  return blocks * 10 ** ((1 - share) * seconds[right - 1] + share * seconds[right]);
}

const chosen = (which, settings, data) => data.layers[Math.trunc(settings[which])];

/** The line of a quantity for the layer that the control `which` chooses. */
const overContexts = (quantity, which) => (settings, data) =>
  data.exponents.map((exponent) =>
    quantity(chosen(which, settings, data), exponent, settings.blocks),
  );

/** A quantity at the chosen context, in some unit. */
const here = (quantity, which, unit) => (settings, data) =>
  quantity(chosen(which, settings, data), settings.context, settings.blocks) / unit;

export const curves = {
  held: overContexts(held, "layer"),
  other_held: overContexts(held, "other"),
  took: overContexts(took, "layer"),
  other_took: overContexts(took, "other"),
  read: (settings, data) => data.exponents.map((exponent) => Number(exponent <= settings.context)),
};

export const numbers = {
  tokens: (settings) => 10 ** settings.context,
  kilobytes: here(held, "layer", 1e3),
  milliseconds: here(took, "layer", 1e-3),
  other_kilobytes: here(held, "other", 1e3),
  other_milliseconds: here(took, "other", 1e-3),
};

start("state-against-cache", curves, numbers);
