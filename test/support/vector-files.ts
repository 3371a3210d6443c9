/** One line per case, so that a change shows as one line. */
function lines(cases: readonly unknown[]): string {
  return `[\n${cases.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
}

/** The text of a published file of vectors: what it is about, then its parts. */
export function file(
  about: string,
  parts: Record<string, readonly unknown[]>,
  by = "scripts/generate/vectors.ts",
): string {
  const body = Object.entries(parts).map(([key, cases]) => `${JSON.stringify(key)}:${lines(cases)}`);
  return `{"about":${JSON.stringify(`${about} Made by ${by}.`)},\n${body.join(",\n")}}\n`;
}
