// The sheet: the same order and the same places as book/touch/sheet.py.
import { start } from "./base.js";

const COUNT = 16;
const CELLS = 12; // of a bar
const EDGE = 0.05; // of the scatter, kept free on each side
const FAINT = 0.15; // of what is over the budget
const STATE = 4; // columns
const STEP = 5;

const every = Array.from({ length: COUNT }, (_, number) => number);
const chosen = (settings, name) => Math.trunc(settings[name]);

/** Whether a layer is asked for and within the budget. */
function within({ loop, grows, values }, settings) {
  const only = chosen(settings, "only");
  if ((only === 1 && loop) || (only === 2 && grows)) return false;
  return values[STATE] <= 10 ** settings.state && values[STEP] <= 10 ** settings.time;
}

/** The layers, those within the budget first, the best of the chosen column on top. */
function order(settings, { table }) {
  const by = chosen(settings, "sort");
  const over = (row) => Number(!within(row, settings));
  return [...table].sort((a, b) => over(a) - over(b) || b.goodness[by] - a.goodness[by]);
}

const dot = (number) => (settings, { table }) => {
  const at = (axis) => EDGE + (1 - 2 * EDGE) * table[number].places[chosen(settings, axis)];
  return [at("x"), at("y"), within(table[number], settings) ? 1 : FAINT];
};

const bar = (rank) => (settings, data) => {
  const row = order(settings, data)[rank];
  const full = 1 + (CELLS - 1) * row.goodness[chosen(settings, "sort")];
  return Array.from({ length: CELLS }, (_, cell) =>
    within(row, settings) ? Math.min(Math.max(full - cell, 0), 1) : 0,
  );
};

export const curves = Object.fromEntries([
  ...every.map((number) => [`dot_${number}`, dot(number)]),
  ...every.map((rank) => [`bar_${rank}`, bar(rank)]),
]);

const kept = (settings, { table }) => table.filter((row) => within(row, settings)).length;

export const numbers = {
  kilobytes: ({ state }) => 10 ** state / 1000,
  milliseconds: ({ time }) => 10 ** time / 1000,
  kept,
  all: (_, { table }) => table.length,
};

const names = (settings, data) => order(settings, data).map((row) => row.name);
const ends = (settings, data) =>
  order(settings, data).map((row) =>
    within(row, settings) ? row.written[chosen(settings, "sort")] : "over",
  );
const axis = (which) => (settings, data) => {
  const column = chosen(settings, which);
  return [data.columns[column], ...data.ends[column]];
};

export const texts = {
  right: axis("x"),
  up: axis("y"),
  rows: names,
  ends,
  first: (settings, data) => {
    const values = ends(settings, data);
    const leading = names(settings, data).slice(0, Math.min(3, kept(settings, data)));
    if (!leading.length) return ["none"];
    return [leading.map((name, rank) => `${name.slice(2)} (${values[rank]})`).join(", ")];
  },
};

start("sheet", curves, numbers, texts);
