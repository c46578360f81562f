// A trained net of 1997 at work: the same formulas as book/touch/trained_cell.py.
import { start } from "./base.js";

const logistic = (a) => 1 / (1 + Math.exp(-a));
const dot = (row, x) => row.reduce((sum, weight, i) => sum + weight * x[i], 0);

/** The pairs (value, marker): 1 marks the two numbers, -1 the first and the last pair. */
function sequence({ first, second, a, b }, values) {
  const x = values.map((value) => [value, 0]);
  x[0][1] = x.at(-1)[1] = -1;
  x[Math.trunc(first) - 1] = [a, 1];
  x[Math.trunc(second) - 1] = [b, 1];
  return x;
}

/** Run the net over the sequence and note states, gates and answers of every step. */
function course(settings, { weights, values, blocks, cells }) {
  let s = Array(cells).fill(0);
  let y = Array(cells + 2 * blocks).fill(0);
  const size = cells / blocks;
  const x = sequence(settings, values);
  return x.map((pair) => {
    const net = weights["hidden.bias"].map(
      (bias, u) =>
        dot(weights["hidden.weight_ih"][u], pair) + dot(weights["hidden.weight_hh"][u], y) + bias,
    );
    const gates = net.slice(cells).map(logistic);
    s = s.map((old, v) => old + gates[Math.floor(v / size)] * 2 * Math.tanh(net[v] / 2));
    const outputs = s.map((now, v) => gates[blocks + Math.floor(v / size)] * Math.tanh(now / 2));
    y = [...outputs, ...gates];
    const answer = logistic(dot(weights.weight_out[0], outputs) + weights.bias_out[0]);
    return { marked: Number(pair[1] === 1), s, gates, answer: 4 * (answer - 0.5) };
  });
}

/** The last run is kept: all lines ask for the same one. */
let known = { key: "", steps: [] };
function of(settings, data) {
  const key = JSON.stringify(settings);
  if (known.key !== key) known = { key, steps: course(settings, data) };
  return known.steps;
}

const line = (pick) => (settings, data) => of(settings, data).map(pick);

export const curves = {
  s1: line((step) => step.s[0]),
  s2: line((step) => step.s[1]),
  answer: line((step) => step.answer),
  marks: line((step) => step.marked),
  in1: line((step) => step.gates[0]),
  out1: line((step) => step.gates[2]),
  in2: line((step) => step.gates[1]),
  out2: line((step) => step.gates[3]),
};

export const numbers = { sum: ({ a, b }) => a + b };

start("trained-cell", curves, numbers);
