// A box that is wider than the page can be reached with the Tab key and says that it scrolls.

const BOXES = {
  ".math-scroller": "Formula",
  ".pst-scrollable-table-container": "Table",
  ".cell_output .text_html": "Table",
  "div.highlight pre": "Code",
};

// All boxes are measured before any is changed: one layout of the page, not one for each.
function mark(boxes) {
  for (const box of boxes) box.classList.remove("scrolls"); // the hint itself must not count
  const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1);
  boxes.forEach((box, i) => {
    if (wide[i]) {
      box.classList.add("scrolls");
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${box.dataset.kind}, scrolls sideways`);
    } else {
      for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
    }
  });
}

// Called once at the start, and again when a box appears or the page turns.
const seen = new ResizeObserver((entries) => mark(entries.map((entry) => entry.target)));

for (const [selector, name] of Object.entries(BOXES)) {
  for (const box of document.querySelectorAll(`.bd-article ${selector}`)) {
    box.dataset.kind = name;
    seen.observe(box);
  }
}
