// What every figure to touch shares: controls move lines of a picture that stands on the page.
//
// The page holds the picture, the controls (native, so keyboard, touch and screen readers work)
// and the data; a figure's own module gives one function a line. Nothing is animated.

/** A number for a sentence, as book/touch/__init__.py writes it: 0.36, 12, 1.8e−7. */
export function readable(value) {
  if (value < 0) return `−${readable(-value)}`;
  if (value >= 100 && value < 1000) return value.toFixed(0);
  if (value === 0 || (value >= 0.01 && value < 100)) return String(Number(value.toPrecision(2)));
  return value.toExponential(1).replace("e+", "e").replace("-", "−");
}

/** Points of a line in its panel; values beyond the edge are cut off by the frame. */
export function points(values, width, { height, low, high, log }) {
  const lowest = -400; // the power of ten that stands for 0
  return values
    .map((value, number) => {
      const place = !log ? value : value > 0 ? Math.log10(value) : lowest;
      const share = (place - low) / (high - low);
      const x = (width * number) / (values.length - 1);
      return `${x.toFixed(2)} ${(height * (1 - share)).toFixed(2)}`;
    })
    .join(" ");
}

/** Turn a hand of a dial to an angle in radians, clockwise from the top. */
function turn(hand, angle) {
  const degrees = ((angle * 180) / Math.PI) % 360;
  const [x, y] = [hand.getAttribute("x1"), hand.getAttribute("y1")];
  hand.setAttribute("transform", `rotate(${degrees.toFixed(2)} ${x} ${y})`);
}

/** Move a dot to its place, shares of the panel to the right and upwards, and fade it. */
function move(dot, [right, up, full], width, { height }) {
  const [x, y] = [width * right, height * (1 - up)];
  dot.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)})`);
  dot.setAttribute("opacity", full.toFixed(3));
}

/** Draw the values of a line: points of a polyline, hands of dials, a dot, or how full cells are. */
function draw(line, values, width, panel) {
  if (line.localName === "polyline") line.setAttribute("points", points(values, width, panel));
  else if (panel.dots) move(line, values, width, panel);
  else if (panel.dials) [...line.children].forEach((hand, number) => turn(hand, values[number]));
  else
    [...line.children].forEach((cell, number) =>
      cell.setAttribute("fill-opacity", Math.min(Math.max(values[number], 0), 1).toFixed(3)),
    );
}

/** A word as the formulas read it: small letters a to z; where there are none, the first word. */
function word(control) {
  const letters = control.value.toLowerCase().replace(/[^a-z]/g, "");
  return letters.slice(0, control.maxLength) || control.defaultValue;
}

/** The setting of a control: a word, or a number. */
function setting(control) {
  return control.type === "text" ? word(control) : Number(control.value);
}

/** What a control says of itself: the word, the option's name, or the number. */
function said(control) {
  if (control.type === "text") return word(control);
  return control.selectedOptions ? control.selectedOptions[0].textContent : control.value;
}

/** A button with a word puts it into its field. */
function pick(event) {
  const button = event.target.closest("button[type=button]");
  if (!button) return;
  const field = document.getElementById(button.parentElement.dataset.for);
  field.value = button.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Bring every figure called `name` to life; `curves` has a function (settings, data) per line,
 * `numbers` one for each further number of the sentence, `texts` one for each list of words in
 * picture or sentence.
 */
export function start(name, curves, numbers = {}, texts = {}) {
  for (const figure of document.querySelectorAll(`.touch[data-figure="${name}"]`)) {
    const payload = JSON.parse(figure.querySelector(".touch-data").textContent);
    const { width, panels, says, data } = payload;
    const controls = [...figure.querySelectorAll("input, select")];
    const sentence = figure.querySelector(".touch-sentence");
    let waiting;

    const move = () => {
      const settings = Object.fromEntries(controls.map((c) => [c.name, setting(c)]));
      const words = {};
      for (const control of controls) {
        words[control.name] = said(control);
        const shown = control.nextElementSibling;
        if (shown) shown.textContent = control.value;
      }
      for (const [key, values] of Object.entries(curves)) {
        const line = values(settings, data);
        draw(figure.querySelector(`[data-curve="${key}"]`), line, width, panels[key]);
        words[key] = readable(line.at(-1));
      }
      for (const [key, value] of Object.entries(numbers))
        words[key] = readable(value(settings, data));
      for (const [key, list] of Object.entries(texts)) {
        const written = list(settings, data);
        figure.querySelectorAll(`[data-text="${key}"]`).forEach((label, number) => {
          label.textContent = written[number];
        });
        words[key] = written.join(" ");
      }
      // Said once the hand rests, or a screen reader would read every position on the way.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const now = says.replace(/\{(\w+)\}/g, (_, word) => words[word]);
        if (sentence.textContent !== now) sentence.textContent = now; // silent on arrival
      }, 200);
    };

    figure.querySelector("fieldset").disabled = false;
    figure.querySelector("form").addEventListener("input", move);
    figure.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    figure.querySelector("form").addEventListener("click", pick);
    figure.querySelector("form").addEventListener("reset", () => setTimeout(move));
    move(); // a browser may have kept the controls of an earlier visit
  }
}
