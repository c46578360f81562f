// Error through time: the same formulas as book/touch/error_through_time.py.
import { start } from "./base.js";

/** (gamma ||U||)^k for every lag. */
function bound({ slope, gain }, { inputs }) {
  return inputs.map((_, lag) => (slope * gain) ** lag);
}

/** States h(1), ..., h(T) of h(t) = tanh(gamma (U h(t-1) + d w x(t))). */
function states({ slope, gain, drive }, { orthogonal, weights, inputs }) {
  let h = weights.map(() => 0);
  return inputs.map((x) => {
    h = orthogonal.map((row, i) => {
      const recurrent = row.reduce((sum, u, j) => sum + slope * gain * u * h[j], 0);
      return Math.tanh(recurrent + slope * drive * weights[i] * x);
    });
    return h;
  });
}

/** Largest singular value, by one-sided Jacobi rotations: exact also for tiny matrices. */
function norm(matrix) {
  const columns = matrix[0].map((_, j) => matrix.map((row) => row[j]));
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  for (let turned = true, sweep = 0; turned && sweep < 30; sweep++) {
    turned = false;
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [a, b] = [columns[p], columns[q]];
        const [alpha, beta, gamma] = [dot(a, a), dot(b, b), dot(a, b)];
        if (Math.abs(gamma) <= 1e-14 * Math.sqrt(alpha * beta)) continue;
        turned = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const c = 1 / Math.hypot(1, t);
        columns[p] = a.map((v, i) => c * (v - t * b[i]));
        columns[q] = b.map((v, i) => c * (v + t * a[i]));
      }
    }
  }
  return Math.max(...columns.map((column) => Math.sqrt(dot(column, column))));
}

/** The measured norm of dh(T)/dh(T-k) for every lag: J(T) J(T-1) ... J(T-k+1). */
function plain(settings, data) {
  const { slope, gain } = settings;
  const { orthogonal } = data;
  const way = states(settings, data).reverse().slice(0, -1);
  let product = orthogonal.map((row, i) => row.map((_, j) => Number(i === j)));
  return [
    1,
    ...way.map((h) => {
      const jacobian = orthogonal.map((row, i) =>
        row.map((u) => (1 - h[i] ** 2) * slope * gain * u),
      );
      product = product.map((row) =>
        row.map((_, j) => row.reduce((sum, v, m) => sum + v * jacobian[m][j], 0)),
      );
      return norm(product);
    }),
  ];
}

export const curves = { bound, plain };

start("error-through-time", curves);
