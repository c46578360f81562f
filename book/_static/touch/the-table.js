// The documents' table, cell by cell: the same results as book/touch/the_table.py.
import { start } from "./base.js";

const PARTS = 32;
const NETS = [...Array(10).keys()];

const of = (key, settings, data) =>
  data[key][Math.trunc(settings.task)][Math.trunc(settings.learner)];

/** One net's row: full from the part of the budget on in which it passed. */
const passed = (net) => (settings, data) => {
  const moment = of("moments", settings, data)[net];
  const budget = of("budgets", settings, data);
  return [...Array(PARTS + 1).keys()].map((part) =>
    Number(moment > 0 && moment <= (budget * (part + 1)) / (PARTS + 1)),
  );
};

export const curves = {
  right: (settings, data) => of("curves", settings, data).map((value) => value / 100),
  needed: (settings, { needed }) => Array(PARTS + 1).fill(needed[Math.trunc(settings.task)]),
  ...Object.fromEntries(NETS.map((net) => [`net${net}`, passed(net)])),
};

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

start("the-table", curves, {}, texts);
