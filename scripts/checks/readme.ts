/**
 * Compares the output that README.md shows under the demo command with a real run. Gas, times, amounts of coins and ids differ
 * from run to run, so they are left out; everything else must be there, in order.
 */

const MARKER = "<!-- demo output -->";

/** Parts of a line that differ from run to run or from machine to machine. */
const UNSTABLE: readonly (readonly [RegExp, string])[] = [
  [/day \d+ \d\d:\d\d:\d\d/g, "day"],
  [/[\d,]+ gas/g, "gas"],
  [/0x[0-9a-f.]+/g, "0x"],
  [/[\d.]+ (coins|days|seconds)/g, "$1"],
  // Scores: the last digits are the machine's own.
  [/-?[\d,]+\.\d+/g, "#"],
  [/\s+/g, " "],
];

/** What remains of a line when everything unstable is taken out; also for tests of other output. */
export function stablePart(line: string): string {
  return UNSTABLE.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), line).trim();
}

/**
 * The block that follows the marker in README.md, line by line.
 * @returns undefined where there is none
 */
export function shownOutput(readme: string): string[] | undefined {
  const [, after] = readme.split(MARKER);
  const block = after && /^\s*```[a-z]*\n([\s\S]*?)\n```/.exec(after);
  return block?.[1]?.split("\n");
}

/**
 * Lines that are shown and do not come in a run's output, in this order. A shown line `...` stands for any lines, and so does
 * nothing: the README may leave lines out.
 */
export function notInRun(shown: readonly string[], output: string): string[] {
  const lines = output.split("\n").map(stablePart);
  const missing: string[] = [];
  let from = 0;
  for (const line of shown.map(stablePart)) {
    if (line === "" || line === "...") continue;
    const at = lines.indexOf(line, from);
    if (at < 0) missing.push(line);
    else from = at + 1;
  }
  return missing;
}
