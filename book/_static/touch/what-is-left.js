// What is left of an error after some steps: as book/touch/what_is_left.py.
import { start } from "./base.js";

const upTo = (steps, value) => Array.from({ length: steps + 1 }, (_, k) => value(k));

export const curves = {
  left: ({ factor }, { steps }) => upTo(steps, (k) => factor ** k),
  read: ({ lag }, { steps }) => upTo(steps, (k) => Number(k <= lag)),
};

export const numbers = { after: ({ factor, lag }) => factor ** lag };

start("what-is-left", curves, numbers);
