// Self-check questions: show the explanation that belongs to an answer, and how many are right.

/** The number that someone typed, with a decimal point or comma and any minus; or NaN. */
function typed(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".").replace(/\s|_/g, "");
  return plain === "" ? NaN : Number(plain);
}

/** The reason for the answer in a form, or undefined where there is no answer yet. */
function reasonFor(form) {
  const reasons = [...form.querySelectorAll(".quiz-reason")];
  const field = form.querySelector("input[type=text]");
  if (!field) {
    const chosen = form.querySelector("input:checked");
    return chosen && reasons.find((reason) => reason.dataset.choice === chosen.value);
  }
  const answer = typed(field.value);
  if (!Number.isFinite(answer)) return undefined;
  const near = ({ dataset }) =>
    Math.abs(answer - dataset.number) <= Math.abs(dataset.number) * dataset.tolerance;
  return reasons.find((reason) => "number" in reason.dataset && near(reason)) ?? reasons.at(-1);
}

/** Write the verdict on an answer and its explanation where screen readers listen. */
function tell(form) {
  const status = form.querySelector("[role=status]");
  const reason = reasonFor(form);
  if (!reason) {
    delete form.dataset.verdict;
    status.textContent = form.querySelector("input[type=text]")
      ? "Please give a number, such as 0.25 or 1e-3."
      : "Please choose an answer.";
    return;
  }
  const right = "right" in reason.dataset;
  form.dataset.verdict = right ? "right" : "wrong";
  const verdict = document.createElement("strong");
  verdict.textContent = right ? "Right. " : "Not so. ";
  const because = reason.querySelector(".quiz-because").cloneNode(true);
  for (const named of because.querySelectorAll("[id]")) named.removeAttribute("id");
  because.prepend(verdict);
  status.replaceChildren(because);
}

for (const quiz of document.querySelectorAll(".quiz")) {
  const forms = [...quiz.querySelectorAll("form")];
  const score = document.createElement("p");
  score.className = "quiz-score";
  quiz.append(score);
  quiz.dataset.live = "";
  for (const form of forms) {
    form.noValidate = true; // our own words instead of the browser's bubble
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      tell(form);
      const right = forms.filter((one) => one.dataset.verdict === "right").length;
      score.textContent = `${right} of ${forms.length} right so far.`;
    });
    // A changed answer has no verdict yet.
    form.addEventListener("input", () => {
      delete form.dataset.verdict;
      form.querySelector("[role=status]").replaceChildren();
    });
  }
}
