// Positions as phases: the same formulas as book/touch/positions_as_phases.py.
import { start } from "./base.js";

/** The angle of every pair at a position. */
function hands(position, { base }, { query }) {
  return query.map((_, i) => position * 10 ** ((-base * i) / query.length));
}

/** The mean over all pairs of `score`, for the angles of query and key at a distance. */
function mean(distance, settings, data, score) {
  const there = hands(settings.place, settings, data);
  const here = hands(settings.place + distance, settings, data);
  const scores = here.map((a, i) => score(data.query[i], data.key[i], a, there[i]));
  return scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

/** A pair of features, turned. */
function turned([first, second], angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [first * cos - second * sin, first * sin + second * cos];
}

const codes = (query, key, a, b) => Math.sin(a) * Math.sin(b) + Math.cos(a) * Math.cos(b);

function rotary(query, key, a, b) {
  const [q, k] = [turned(query, a), turned(key, b)];
  return q[0] * k[0] + q[1] * k[1];
}

const added = (query, key, a, b) =>
  (query[0] + Math.sin(a)) * (key[0] + Math.sin(b)) +
  (query[1] + Math.cos(a)) * (key[1] + Math.cos(b));

const line = (score) => (settings, data) =>
  Array.from({ length: data.farthest + 1 }, (_, far) => mean(far, settings, data, score));

const number = (score) => (settings, data) => mean(settings.distance, settings, data, score);

export const curves = {
  query: (settings, data) => hands(settings.place + settings.distance, settings, data),
  key: (settings, data) => hands(settings.place, settings, data),
  rotary: line(rotary),
  codes: line(codes),
  added: line(added),
};

export const numbers = {
  codes_here: number(codes),
  rotary_here: number(rotary),
  added_here: number(added),
};

start("positions-as-phases", curves, numbers);
