// Sets formulas for built_maths.py: a line of JSON in, [tex, options]; a line of JSON out.
// Ends with its input, so it never outlives the build.

const katex = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const [tex, options] = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, options) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
