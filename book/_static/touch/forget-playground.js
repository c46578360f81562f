// A bit in a cell whose forget gate stands still: as book/touch/forget_playground.py.
import { start } from "./base.js";

const gate = (bias) => 1 / (1 + Math.exp(-bias));

/** c(0), c(10), ..., c(1000). */
function content({ keep, write }, { noise, every }, bit) {
  const kept = gate(keep);
  const letIn = gate(write);
  const drawn = [bit];
  let c = bit;
  noise.forEach((n, number) => {
    c = kept * c + letIn * n;
    if ((number + 1) % every === 0) drawn.push(c);
  });
  return drawn;
}

/** The standard deviation of what noise leaves in the cell: its variance is 1/3. */
function spread({ keep, write }, { noise }) {
  const squared = gate(keep) ** 2;
  return gate(write) * Math.sqrt((1 - squared ** noise.length) / (1 - squared) / 3);
}

export const curves = {
  positive: (settings, data) => content(settings, data, 1),
  negative: (settings, data) => content(settings, data, -1),
};

export const numbers = {
  half: ({ keep }) => Math.log(2) / Math.log1p(Math.exp(-keep)),
  apart: ({ keep }, { noise }) => 2 * gate(keep) ** noise.length,
  spread,
};

start("forget-playground", curves, numbers);
