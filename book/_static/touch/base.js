// What every figure to touch shares: sliders move lines of a picture that stands on the page.
//
// The page holds the picture, the sliders (native, so keyboard, touch and screen readers work)
// and the data; a figure's own module gives one function a line. Nothing is animated.

/** A number for a sentence, as book/touch/__init__.py writes it: 0.36, 12, 1.8e−7. */
export function readable(value) {
  if (value >= 100 && value < 1000) return value.toFixed(0);
  if (value === 0 || (value >= 0.01 && value < 100)) return String(Number(value.toPrecision(2)));
  return value.toExponential(1).replace("e+", "e").replace("-", "−");
}

/** Points of a line in its frame; values beyond the edge are cut off by the frame. */
export function points(values, frame) {
  const lowest = -400; // the power of ten that stands for 0
  return values
    .map((value, lag) => {
      const power = value > 0 ? Math.log10(value) : lowest;
      const share = (power - frame.low) / (frame.high - frame.low);
      const x = (frame.width * lag) / frame.lags;
      return `${x.toFixed(2)} ${(frame.height * (1 - share)).toFixed(2)}`;
    })
    .join(" ");
}

/** The settings of the sliders, by name. */
function settingsOf(sliders) {
  return Object.fromEntries(sliders.map((slider) => [slider.name, Number(slider.value)]));
}

/** Bring every figure called `name` to life; `curves` has a function (settings, data) per line. */
export function start(name, curves) {
  for (const figure of document.querySelectorAll(`.touch[data-figure="${name}"]`)) {
    const { frame, says, data } = JSON.parse(figure.querySelector(".touch-data").textContent);
    const sliders = [...figure.querySelectorAll("input[type=range]")];
    const sentence = figure.querySelector(".touch-sentence");
    let waiting;

    const move = () => {
      const settings = settingsOf(sliders);
      const words = {};
      for (const slider of sliders) {
        words[slider.name] = String(Number(slider.value));
        slider.nextElementSibling.textContent = slider.value;
      }
      for (const [key, values] of Object.entries(curves)) {
        const line = values(settings, data);
        figure.querySelector(`[data-curve="${key}"]`).setAttribute("points", points(line, frame));
        words[key] = readable(line.at(-1));
      }
      // Said once the hand rests, or a screen reader would read every position on the way.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const said = says.replace(/\{(\w+)\}/g, (_, word) => words[word]);
        if (sentence.textContent !== said) sentence.textContent = said; // silent on arrival
      }, 200);
    };

    figure.querySelector("fieldset").disabled = false;
    figure.querySelector("form").addEventListener("input", move);
    figure.querySelector("form").addEventListener("reset", () => setTimeout(move));
    move(); // a browser may have kept the sliders of an earlier visit
  }
}
