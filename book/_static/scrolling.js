// A box that is wider than the page can be reached with the Tab key and says that it scrolls.

const BOXES = {
  ".math-scroller": "Formula",
  ".pst-scrollable-table-container": "Table",
  ".cell_output .text_html": "Table",
  "div.highlight pre": "Code",
};

function mark(box, name) {
  box.classList.remove("scrolls"); // the hint itself must not count
  const wide = box.scrollWidth > box.clientWidth + 1;
  box.classList.toggle("scrolls", wide);
  if (wide) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `${name}, scrolls sideways`);
  } else {
    for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
  }
}

const seen = new ResizeObserver((entries) => {
  for (const { target } of entries) mark(target, target.dataset.kind);
});

for (const [selector, name] of Object.entries(BOXES)) {
  for (const box of document.querySelectorAll(`.bd-article ${selector}`)) {
    box.dataset.kind = name;
    seen.observe(box); // calls once at the start, and again when the box appears or the page turns
  }
}
