// Attention on real words: the same formulas as book/touch/attention_on_words.py.
import { start } from "./base.js";

const START = 0;
const END = 1;
const FIRST = 2; // the number of the first phoneme

const logistic = (a) => 1 / (1 + Math.exp(-a));
const dot = (row, x) => row.reduce((sum, weight, i) => sum + weight * x[i], 0);
const times = (rows, x) => rows.map((row) => dot(row, x));

/** Signed bytes in base64, times a step size, as a list or a list of rows. */
function unpacked({ shape, step, numbers }) {
  const bytes = Int8Array.from(atob(numbers), (letter) => letter.charCodeAt(0));
  const values = Array.from(bytes, (byte) => byte * step);
  if (shape.length === 1) return values;
  return Array.from({ length: shape[0] }, (_, i) => values.slice(i * shape[1], (i + 1) * shape[1]));
}

/** The weights of both nets, unpacked once. */
let unpackedNets;
function netsOf({ nets }) {
  unpackedNets ??= Object.fromEntries(
    Object.entries(nets).map(([name, weights]) => [
      name,
      Object.fromEntries(Object.entries(weights).map(([key, kept]) => [key, unpacked(kept)])),
    ]),
  );
  return unpackedNets;
}

/** One step of a GRU as PyTorch has it: reset, update, offer. */
function gru(weights, cell, x, h) {
  const size = h.length;
  const part = (name) => weights[`${cell}.${name}`];
  const into = times(part("weight_ih"), x).map((a, i) => a + part("bias_ih")[i]);
  const across = times(part("weight_hh"), h).map((a, i) => a + part("bias_hh")[i]);
  return h.map((old, i) => {
    const reset = logistic(into[i] + across[i]);
    const keep = logistic(into[size + i] + across[size + i]);
    const offer = Math.tanh(into[2 * size + i] + reset * across[2 * size + i]);
    return (1 - keep) * offer + keep * old;
  });
}

/** The states of one direction after every letter. */
function read(weights, cell, letters) {
  let h = Array(weights[`${cell}.weight_hh`][0].length).fill(0);
  return letters.map((letter) => (h = gru(weights, cell, weights["read.weight"][letter], h)));
}

/** Weights over the memory by an additive score, and the mean that they make. */
function look(weights, h, memory, keys) {
  const asked = times(weights["decoder.score.query.weight"], h);
  const scores = keys.map((key) =>
    dot(weights["decoder.score.v"], key.map((k, i) => Math.tanh(asked[i] + k))),
  );
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b);
  const alpha = powers.map((power) => power / sum);
  const context = memory[0].map((_, i) => dot(alpha, memory.map((state) => state[i])));
  return { alpha, context };
}

/** The next symbol: the one that scores highest, but never the start. */
function best(weights, y) {
  const scores = times(weights["output.weight"], y).map((a, i) => a + weights["output.bias"][i]);
  scores[START] = -Infinity;
  return scores.indexOf(Math.max(...scores));
}

/** Write up to `most` symbols; `step` says what the output reads, and the new state. */
function write(weights, h, most, step) {
  const sounds = [];
  const rows = [];
  for (let symbol = START; sounds.length < most; ) {
    const next = step(weights["written.weight"][symbol], h);
    h = next.h;
    symbol = best(weights, next.y);
    if (symbol === END) break;
    sounds.push(symbol);
    rows.push(next.alpha);
  }
  return { sounds, rows };
}

/** The net that looks back at all states of both directions before every sound. */
function looking(weights, letters, most) {
  const ahead = read(weights, "encoder.ahead", letters);
  const back = read(weights, "encoder.back", [...letters].reverse()).reverse();
  const memory = ahead.map((state, j) => [...state, ...back[j]]);
  const keys = memory.map((state) => times(weights["decoder.score.key.weight"], state));
  return write(weights, back[0], most, (x, last) => {
    const { alpha, context } = look(weights, last, memory, keys);
    const h = gru(weights, "decoder.cell", [...x, ...context], last);
    return { h, alpha, y: [...h, ...context] };
  });
}

/** The net that has the encoder's last state, and nothing else of the word. */
function oneVector(weights, letters, most) {
  const vector = read(weights, "encoder.ahead", letters).at(-1);
  return write(weights, vector, most, (x, last) => {
    const h = gru(weights, "decoder.cell", [...x, ...vector], last);
    return { h, y: h };
  });
}

/** What both nets say to a word; the last word is kept: all rows ask for the same one. */
let known = { word: "" };
function say({ word }, data) {
  if (known.word === word) return known;
  const letters = [...word].map((letter) => letter.charCodeAt(0) - 96);
  const nets = netsOf(data);
  const names = (sounds) => sounds.map((sound) => data.phonemes[sound - FIRST]);
  const looked = looking(nets.looking, letters, data.most);
  const blind = oneVector(nets.vector, letters, data.most);
  const rows = looked.rows.map((row) => filled(row, data.most, 0));
  known = { word, rows, looking: names(looked.sounds), vector: names(blind.sounds) };
  return known;
}

const filled = (list, most, what) => [...list, ...Array(most - list.length).fill(what)];

const row = (number) => (settings, data) => {
  const { rows } = say(settings, data);
  return number < Math.min(settings.sounds, rows.length) ? rows[number] : filled([], data.most, 0);
};

export const curves = Object.fromEntries(
  Array.from({ length: 12 }, (_, number) => [`w${number + 1}`, row(number)]),
);

export const numbers = {};

const soFar = (net) => (settings, data) =>
  filled(say(settings, data)[net].slice(0, settings.sounds), data.most, "");

export const texts = {
  sides: () => ["looks back", "one vector"],
  rows: soFar("looking"),
  ends: soFar("vector"),
  heads: ({ word }, data) => filled([...word], data.most, ""),
  looking: (settings, data) => say(settings, data).looking,
  vector: (settings, data) => say(settings, data).vector,
  truth: ({ word }, { truth }) => (word in truth ? [`The dictionary has ${truth[word]}.`] : []),
};

start("attention-on-words", curves, numbers, texts);
