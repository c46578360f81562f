// The scan tree: the same counts as book/touch/scan_tree.py.
import { start } from "./base.js";

const NAMES = ["one_by_one", "Hillis_Steele", "odd_even"];
const done = ({ round }) => Math.trunc(round);

/** How much of its past every step has taken in after the rounds done. */
const knows = (name) => (settings, { rounds, steps }) => {
  const reach = Array.from({ length: steps }, (_, t) => t);
  for (const joins of rounds[name].slice(0, done(settings))) {
    const before = [...reach];
    for (const [early, late] of joins) reach[late] = before[early];
  }
  return reach.map((first, t) => (t - first + 1) / (t + 1));
};

/** 1 for every step that takes something in, in this round. */
const joined = (name) => (settings, { rounds, steps }) => {
  const now = rounds[name][done(settings) - 1] ?? [];
  const late = new Set(now.map(([, t]) => t));
  return Array.from({ length: steps }, (_, t) => Number(late.has(t)));
};

const work = (name) => (settings, { rounds }) => rounds[name].slice(0, done(settings)).flat().length;

const ready = (name) => (settings, data) =>
  knows(name)(settings, data).filter((share) => share === 1).length;

/** How many turns the whole scan takes. */
const turns = (name) => ({ processors }, { rounds }) =>
  rounds[name].reduce((sum, joins) => sum + Math.ceil(joins.length / Math.trunc(processors)), 0);

export const curves = Object.fromEntries(
  NAMES.flatMap((name) => [
    [`${name}_knows`, knows(name)],
    [`${name}_joined`, joined(name)],
  ]),
);

export const numbers = Object.fromEntries(
  NAMES.flatMap((name) => [
    [`${name}_work`, work(name)],
    [`${name}_ready`, ready(name)],
    [`${name}_turns`, turns(name)],
  ]),
);

start("scan-tree", curves, numbers);
