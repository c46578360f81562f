// Lighthouse, as a phone would load the page. Arguments: Chromium, how often, addresses.
// Writes one line of JSON for each run: the address, the scores, what did not pass.

import * as chromeLauncher from "chrome-launcher";
import lighthouse from "lighthouse";

const [chromePath, runs, ...addresses] = process.argv.slice(2);
const chromeFlags = [
  "--headless=new",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
];

function failed(lhr, category) {
  return lhr.categories[category].auditRefs
    .map((ref) => lhr.audits[ref.id])
    .filter((audit) => audit.score !== null && audit.score < 0.9)
    .map((audit) => audit.id);
}

const chrome = await chromeLauncher.launch({ chromePath, chromeFlags });
try {
  for (const url of addresses) {
    for (let run = 0; run < Number(runs); run++) {
      const { lhr } = await lighthouse(url, { port: chrome.port, logLevel: "error" });
      if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
      const scores = {};
      const faults = {};
      for (const [id, category] of Object.entries(lhr.categories)) {
        scores[id] = Math.round(100 * category.score);
        faults[id] = failed(lhr, id);
      }
      console.log(JSON.stringify({ url, scores, faults }));
    }
  }
} finally {
  await chrome.kill();
}
