import { escapeXml } from "../../src/xml.js";

/** A line of a plot: values at equal steps. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

export interface LinePlot {
  readonly title: string;
  readonly unit: string;
  /** What a step is, and where the last one lies. */
  readonly across: { readonly name: string; readonly end: number };
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 300, 60, 150, 44, 40];
const TICKS = 4;

const text = (x: number, y: number, content: string, more = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escapeXml(content)}</text>`;

/** Lines over one axis that begins at zero. */
export function linePlot({ title, unit, across, lines }: LinePlot): string {
  const most = Math.max(...lines.flatMap(({ values }) => values));
  const step = 10 ** Math.floor(Math.log10(most / TICKS));
  const tick = step * ([1, 2, 5, 10].find((factor) => most / (factor * step) <= TICKS + 1) ?? 10);
  const top = tick * Math.ceil(most / tick);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const x = (i: number, count: number): number => LEFT + (i / Math.max(1, count - 1)) * (WIDTH - LEFT - RIGHT);
  const levels = Array.from({ length: Math.round(top / tick) + 1 }, (_, i) => i * tick);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#0f172a">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 24, title, `font-size="15" font-weight="600"`),
    ...levels.flatMap((level) => [
      `<path d="M${LEFT},${y(level).toFixed(1)} H${WIDTH - RIGHT}" stroke="#e2e8f0"/>`,
      text(LEFT - 8, y(level) + 4, String(level), `text-anchor="end"`),
    ]),
    text(LEFT, TOP - 6, unit, `fill="#475569"`),
    text(LEFT, HEIGHT - 14, "0", `fill="#475569"`),
    text(
      WIDTH - RIGHT,
      HEIGHT - 14,
      `${across.end.toLocaleString("en")} ${across.name}`,
      `text-anchor="end" fill="#475569"`,
    ),
    ...lines.flatMap(({ name, colour, values }) => [
      `<path d="M${values.map((v, i) => `${x(i, values.length).toFixed(1)},${y(v).toFixed(1)}`).join(" L")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      text(WIDTH - RIGHT + 8, y(values.at(-1) ?? 0) + 4, name, `fill="${colour}"`),
    ]),
    "</svg>",
  ].join("\n")}\n`;
}
