// The bottleneck: the same results as book/touch/bottleneck.py.
import { readable, start } from "./base.js";

const FIRST = 3;
const PARTS = ["training", "chain", "bytes", "token"];

/** One quantity of the layer that the control `which` chooses, by length. */
const line = (which, part) => (settings, { layers }) => {
  const found = layers[Math.trunc(settings[which])][part];
  return part === "training" ? found[Math.trunc(settings.batch)] : found;
};

/** The number of the chosen length. */
const place = (settings) => Math.trunc(settings.length) - FIRST;

const inSeconds = (seconds) =>
  seconds >= 1 ? `${readable(seconds)} s` : `${readable(1e3 * seconds)} ms`;

const inBytes = (count) =>
  count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e3).toFixed(1)} kB`;

/** The four costs of a layer at the chosen length, in words. */
const costs = (which) => (settings, data) => {
  const here = place(settings);
  const [seconds, chain, held, token] = PARTS.map((part) => line(which, part)(settings, data)[here]);
  const step = seconds === data.notRun ? "was not run" : `takes ${inSeconds(seconds)}`;
  return [
    `a training step ${step},`,
    `its chain has ${chain.toLocaleString("en")} operations;`,
    `in use it holds ${inBytes(held)}`,
    `and takes ${inSeconds(token)} for the next token`,
  ];
};

export const curves = {
  ...Object.fromEntries(
    ["layer", "other"].flatMap((which) =>
      PARTS.map((part) => [`${which}_${part}`, line(which, part)]),
    ),
  ),
  chosen: (settings, { lengths }) => lengths.map((_, number) => Number(number <= place(settings))),
};

export const texts = {
  tokens: (settings, { lengths }) => [lengths[place(settings)].toLocaleString("en")],
  layer_costs: costs("layer"),
  other_costs: costs("other"),
};

start("bottleneck", curves, {}, texts);
