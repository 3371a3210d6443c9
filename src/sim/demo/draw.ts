import type { Tensor } from "../../audit/graph.js";

/** Grey levels above this are ink. */
const INK = 96;

/** An image as text, two rows of pixels a line. */
export function drawImage({ shape, data }: Tensor): string[] {
  const [height = 0, width = 0] = shape.slice(-2);
  const isInk = (x: number, y: number): boolean => Number(data[y * width + x] ?? 0) > INK;
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = "";
    for (let x = 0; x < width; x++) {
      const [upper, lower] = [isInk(x, y), y + 1 < height && isInk(x, y + 1)];
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(line);
  }
  return lines;
}

const isBlank = (line: string): boolean => line.trim() === "";

/** Pictures beside each other, each with a caption under it; rows that are blank in all of them are left out. */
export function drawRow(
  pictures: readonly { readonly lines: readonly string[]; readonly caption: string }[],
): string[] {
  const width = Math.max(...pictures.flatMap(({ lines, caption }) => [...lines, caption].map((line) => line.length)));
  const height = Math.max(...pictures.map(({ lines }) => lines.length));
  const join = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(width))
      .join("  ")
      .trimEnd();
  const rows = Array.from({ length: height }, (_, y) => join(pictures.map(({ lines }) => lines[y] ?? "")));
  const first = rows.findIndex((row) => !isBlank(row));
  const last = rows.findLastIndex((row) => !isBlank(row));
  return [...rows.slice(Math.max(first, 0), last + 1), join(pictures.map(({ caption }) => caption))];
}
