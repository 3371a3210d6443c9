import { formatEther } from "ethers";

/** Amounts with 18 decimals, without trailing zeros, at most five decimals. */
export function amountOf(value: bigint): string {
  const text = formatEther(value);
  const [whole = "0", decimals = ""] = text.split(".");
  const shown = decimals.slice(0, 5).replace(/0+$/, "");
  return `${Number(whole).toLocaleString("en-US")}${shown === "" ? "" : `.${shown}`}`;
}

export const count = (n: number): string => n.toLocaleString("en-US");

/** A score as people read it. */
export const score = (x: number): string =>
  Number.isFinite(x) ? x.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : String(x);

/** `day 1 02:03:04` of chain time since a start. */
export function chainTime(time: number, start: number): string {
  const seconds = time - start;
  const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
  const rest = seconds % 86_400;
  return `day ${Math.floor(seconds / 86_400)} ${two(rest / 3_600)}:${two((rest % 3_600) / 60)}:${two(rest % 60)}`;
}

/** Columns under each other, as wide as their widest cell. */
export function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}

/** First and last digits of an id. */
export const shortId = (id: string): string => `${id.slice(0, 6)}..${id.slice(-4)}`;
