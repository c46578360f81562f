// One cell with forget gate, gate by gate: the same formulas as book/touch/gated_cell.py.
import { start } from "./base.js";

/** Gates, content and output of every step. */
function course({ write, clear, read, leak }, { offered }) {
  let c = 0;
  return offered.map((g, number) => {
    const t = number + 1;
    const i = t === Math.trunc(write) ? 1 - leak : leak;
    const f = t === Math.trunc(clear) ? leak : 1 - leak;
    const o = t === Math.trunc(read) ? 1 - leak : leak;
    c = f * c + i * g;
    return { i, f, o, c, h: o * Math.tanh(c) };
  });
}

const line = (key) => (settings, data) => course(settings, data).map((step) => step[key]);

export const curves = {
  c: line("c"),
  h: line("h"),
  g: (settings, data) => data.offered,
  i: line("i"),
  f: line("f"),
  o: line("o"),
};

export const numbers = {
  taken(settings, data) {
    const place = Math.trunc(settings.write) - 1;
    return course(settings, data)[place].i * data.offered[place];
  },
  shown: (settings, data) => course(settings, data)[Math.trunc(settings.read) - 1].h,
};

start("gated-cell", curves, numbers);
