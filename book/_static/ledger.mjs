// The filter of the claims ledger. The page is the full list without it.
//
// What is chosen stands in the address (#verdict=contradicted&document=d1), so that a choice can
// be linked. A link to one claim opens the topic that it lies in.

const form = document.querySelector(".claims-filter");
const status = form.querySelector("[role=status]");
const fields = [...form.querySelectorAll("select")];
const claims = [...document.querySelectorAll(".claim")];
const topics = [...document.querySelectorAll(".claims-topic")];

function chosen() {
  return fields.filter((field) => field.value).map((field) => [field.name, field.value]);
}

function show() {
  const wanted = chosen().map(([name, value]) => `${name}-${value}`);
  for (const claim of claims) {
    claim.hidden = !wanted.every((name) => claim.classList.contains(name));
  }
  for (const topic of topics) {
    const left = topic.querySelectorAll(".claim:not([hidden])").length;
    const count = topic.querySelector(".claims-count");
    const all = Number(count.dataset.all);
    count.textContent = left === all ? `${all} claims` : `${left} of ${all} claims`;
    topic.querySelector(".claims-verdicts").hidden = left !== all;
    topic.closest("section").hidden = left === 0;
    topic.open = wanted.length > 0;
  }
  const left = claims.filter((claim) => !claim.hidden).length;
  status.textContent = wanted.length
    ? `${left} of ${claims.length} claims shown`
    : `All ${claims.length} claims, by topic`;
}

function remember() {
  const { pathname, search } = window.location;
  const choice = new URLSearchParams(chosen()).toString();
  window.history.replaceState(null, "", choice ? `#${choice}` : pathname + search);
}

function choose(values) {
  for (const field of fields) {
    const value = values.get(field.name) ?? "";
    field.value = [...field.options].some((option) => option.value === value) ? value : "";
  }
  show();
}

// Follow the address: a choice, a claim, or another place of the page.
function follow() {
  const hash = window.location.hash.slice(1);
  const place = document.getElementById(hash);
  if (!place) {
    choose(new URLSearchParams(hash));
  } else if (place.closest(".claims-topic") || place.closest("[hidden]")) {
    choose(new URLSearchParams());
    for (let e = place; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
    }
    place.scrollIntoView();
  }
}

form.addEventListener("change", () => {
  show();
  remember();
});
form.addEventListener("reset", (event) => {
  event.preventDefault();
  choose(new URLSearchParams());
  remember();
});
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", follow);

form.hidden = false;
show();
follow();
