// Tables that are sorted by the heads of their columns, and filtered by what is typed.
// Without scripts they stand there in full, in the order of the page.
"use strict";

const valueOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
};

const sorted = (rows, column, isNumber, sign) =>
  rows
    .map((row, place) => [valueOf(row, column), place, row])
    .sort(([a, i], [b, j]) => {
      const order = isNumber ? parseFloat(a) - parseFloat(b) : a.localeCompare(b);
      return sign * order || i - j;
    })
    .map(([, , row]) => row);

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  table.caption.append(" The underlined heads sort.");
  heads.forEach((head, column) => {
    const kind = head.dataset.sort;
    if (!kind) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const isUp = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      body.append(...sorted(original, column, kind === "number", isUp ? 1 : -1));
    });
  });
}

for (const filter of document.querySelectorAll(".filter")) {
  const rows = [...document.getElementById(filter.dataset.table).tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const words = filter.querySelector("input");
  const only = filter.querySelector("select");
  const told = filter.querySelector("output");
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, place) => {
      const isOfKind = !only.value || (row.dataset.is ?? "").split(" ").includes(only.value);
      row.hidden = !isOfKind || !wanted.every((word) => texts[place].includes(word));
      count += !row.hidden;
    });
    told.textContent = count === rows.length ? `all ${count} shown` : `${count} of ${rows.length} shown`;
  };
  words.addEventListener("input", apply);
  only.addEventListener("change", apply);
  filter.hidden = false;
  apply();
}
