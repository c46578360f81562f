// The documents' table, cell by cell: the same results as book/touch/the_table.py.
import { start } from "./base.js";

const PARTS = 32;
const NETS = [...Array(10).keys()];

const of = (key, settings, data) =>
  data[key][Math.trunc(settings.task)][Math.trunc(settings.learner)];

/** The number of sequences at which the reader stops. */
const stopped = (settings, data) => (of("budgets", settings, data) * settings.percent) / 100;

/** One net's row: full from the part of the budget in which it passed to the stop. */
const passed = (net) => (settings, data) => {
  const moment = of("moments", settings, data)[net];
  const stop = stopped(settings, data);
  const width = of("budgets", settings, data) / (PARTS + 1);
  return [...Array(PARTS + 1).keys()].map((part) =>
    Number(moment > 0 && moment <= Math.min(stop, width * (part + 1)) && width * part < stop),
  );
};

/** How many nets had passed at the stop. */
const done = (settings, data) =>
  of("moments", settings, data).filter(
    (moment) => moment > 0 && moment <= stopped(settings, data),
  ).length;

export const curves = {
  right: (settings, data) => of("curves", settings, data).map((value) => value / 100),
  needed: (settings, { needed }) => Array(PARTS + 1).fill(needed[Math.trunc(settings.task)]),
  ...Object.fromEntries(NETS.map((net) => [`net${net}`, passed(net)])),
};

export const numbers = { done };

export const texts = {
  rows: () => NETS.map((net) => String(net + 1)),
  ends: (settings, data) =>
    of("moments", settings, data).map((moment, net) =>
      moment ? moment.toLocaleString("en-US") : `${of("right", settings, data)[net]} %`,
    ),
  sides: () => ["net", "passed after, or right at the end"],
  words: (settings, data) => [of("words", settings, data)],
  rule: (settings, { rules }) => [rules[Math.trunc(settings.task)]],
};

start("the-table", curves, numbers, texts);
