import { escapeXml } from "../xml.js";
import type { Calibration } from "./calibrate.js";
import { type Distribution, largestOf, NOT_FINITE } from "./distribution.js";
import { NOISE_MARGIN, SUBSTITUTE_MARGIN } from "./propose.js";

const WIDTH = 900;
const LEFT = 244;
const RIGHT = 28;
/** Holds distances of exactly zero, left of the axis. */
const ZERO = 48;
const ROW = 17;
/** Between groups of rows. */
const GAP = 7;
/** Characters of a line of text below the title, and its height. */
const LINE = { chars: 135, height: 16 };
const PANEL_HEAD = 46;
const AXIS = 40;

const INK = { honest: "#2563eb", cheap: "#c2410c", kind: "#0d9488", tolerance: "#15803d", alarm: "#7c3aed" };

const STYLE = `
  text { font-family: Inter, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #0f172a; }
  .head { font-size: 18px; font-weight: 600; }
  .sub { font-size: 12px; fill: #475569; }
  .panel { font-size: 13px; font-weight: 600; }
  .row { font-size: 11px; }
  .tick { font-size: 10.5px; fill: #475569; }
  .mark { font-size: 10.5px; font-weight: 600; }
  .grid { stroke: #e2e8f0; stroke-width: 1; }`;

/** Cut between words into lines that fit. */
function wrap(content: string): string[] {
  const lines = [""];
  for (const word of content.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trimStart();
    if (longer.length > LINE.chars) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

interface Scale {
  readonly x: (value: number) => number;
  readonly decades: readonly number[];
}

const round = (n: number): string => String(Math.round(n * 10) / 10);
const short = (x: number): string => (x >= NOT_FINITE ? "not a number" : String(Number(x.toPrecision(2))));

/** A logarithmic axis over all finite positive numbers given; zero has a place of its own. */
function scaleFor(values: readonly number[]): Scale {
  const positive = values.filter((x) => x > 0 && x < NOT_FINITE);
  const low = Math.floor(Math.log10(Math.min(1, ...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1e-30, ...positive))));
  const span = WIDTH - LEFT - ZERO - RIGHT;
  const x = (value: number): number => {
    if (value <= 0) return LEFT + 12;
    const at = (Math.log10(Math.min(value, 10 ** high)) - low) / (high - low);
    return LEFT + ZERO + Math.max(0, at) * span;
  };
  return { x, decades: Array.from({ length: high - low + 1 }, (_, i) => low + i) };
}

const text = (style: string, x: number, y: number, content: string, more = ""): string =>
  `<text class="${style}" x="${round(x)}" y="${round(y)}" ${more}>${escapeXml(content)}</text>`;

/** Whiskers from the smallest to the largest, a box from quarter to three quarters, the median as a white line. */
function strip({ label, outputs }: Distribution, output: number, y: number, colour: string, { x }: Scale): string {
  const [min = 0, , , q1 = 0, median = 0, q3 = 0, , , max = 0] = outputs[output] ?? [];
  const middle = y + ROW / 2;
  const [left, right] = [x(q1), Math.max(x(q3), x(q1) + 2)];
  const title = `${label}: smallest ${short(min)}, median ${short(median)}, largest ${short(max)}`;
  return [
    `<g><title>${escapeXml(title)}</title>`,
    text("row", LEFT - 10, middle + 4, label, `text-anchor="end"`),
    `<path d="M${round(x(min))},${middle} H${round(x(max))}" stroke="${colour}" stroke-width="1.4"/>`,
    `<path d="M${round(x(max))},${middle - 4} V${middle + 4}" stroke="${colour}" stroke-width="1.4"/>`,
    `<rect x="${round(left)}" y="${y + 3.5}" width="${round(right - left)}" height="${ROW - 7}" rx="2" fill="${colour}"/>`,
    `<path d="M${round(x(median))},${y + 3.5} v${ROW - 7}" stroke="#ffffff" stroke-width="1.6"/>`,
    "</g>",
  ].join("");
}

/** A vertical line with its name above, on one side of it. */
function mark(
  { at, name, colour, side }: { at: number; name: string; colour: string; side: "left" | "right" },
  top: number,
  bottom: number,
): string {
  return (
    `<path d="M${round(at)},${top} V${bottom}" stroke="${colour}" stroke-width="1.6"${side === "left" ? ` stroke-dasharray="4 3"` : ""}/>` +
    text(
      "mark",
      at + (side === "left" ? -5 : 5),
      top + 9,
      name,
      `text-anchor="${side === "left" ? "end" : "start"}" style="fill:${colour}"`,
    )
  );
}

/** Whether every answer of every runtime equals the audit answer. */
const isSilent = ({ honest, kinds, substitutes }: Calibration, output: number): boolean =>
  [...honest, ...kinds, ...substitutes].every((each) => largestOf(each, output) === 0);

function panelHeight(calibration: Calibration, output: number): number {
  const { honest, kinds, substitutes } = calibration;
  if (isSilent(calibration, output)) return PANEL_HEAD;
  return PANEL_HEAD + (honest.length + kinds.length + substitutes.length) * ROW + 2 * GAP + 8 + AXIS;
}

function panel(calibration: Calibration, output: number, name: string, top: number): string[] {
  const { honest, kinds, substitutes, proposal } = calibration;
  const groups = [
    { rows: honest, colour: INK.honest },
    { rows: kinds, colour: INK.kind },
    { rows: substitutes, colour: INK.cheap },
  ];
  const tolerance = proposal.atol[output] ?? 0;
  const alarm = tolerance * (proposal.noise[output] ?? 0);
  const { noise = 0, hunted = 0, error = 0 } = proposal.rooms[output] ?? {};
  const rows = groups.flatMap((group) => group.rows);
  const values = [
    ...rows.flatMap(({ outputs }) => outputs[output] ?? []),
    ...(tolerance > 0 ? [tolerance, alarm] : []),
  ];
  const scale = scaleFor(values);
  const first = top + PANEL_HEAD;
  const bottom = first + rows.length * ROW + (groups.length - 1) * GAP + 8;
  const [least, most] = [NOISE_MARGIN * Math.max(noise, hunted), error / SUBSTITUTE_MARGIN];
  const parts = [text("panel", 24, top + 16, `Output ${name}`)];
  if (isSilent(calibration, output)) {
    return [...parts, text("sub", 24, top + 34, "Every answer, cheaper ones as well, equals the exact one.")];
  }
  if (least < most && least > 0) {
    const [x1, x2] = [scale.x(least), scale.x(most)];
    parts.push(
      `<rect x="${round(x1)}" y="${first - 2}" width="${round(x2 - x1)}" height="${bottom - first + 2}" fill="#dcfce7"/>`,
    );
  }
  for (const decade of scale.decades) {
    const x = scale.x(10 ** decade);
    parts.push(
      `<path class="grid" d="M${round(x)},${first - 2} V${bottom}"/>`,
      text("tick", x, bottom + 15, `1e${decade}`, `text-anchor="middle"`),
    );
  }
  if (values.includes(0)) parts.push(text("tick", scale.x(0), bottom + 15, "0", `text-anchor="middle"`));
  let y = first;
  for (const { rows: group, colour } of groups) {
    for (const row of group) {
      parts.push(strip(row, output, y, colour, scale));
      y += ROW;
    }
    y += GAP;
  }
  if (tolerance > 0) {
    parts.push(
      mark(
        { at: scale.x(alarm), name: `noise level ${short(alarm)}`, colour: INK.alarm, side: "left" },
        top + 26,
        bottom,
      ),
      mark(
        { at: scale.x(tolerance), name: `tolerance ${short(tolerance)}`, colour: INK.tolerance, side: "right" },
        top + 26,
        bottom,
      ),
    );
  }
  return parts;
}

/**
 * The distributions of a calibration as a self-contained SVG document, one panel for each output. The same calibration gives
 * the same bytes.
 */
export function plotCalibration(
  calibration: Calibration,
  { title, outputs }: { title: string; outputs: readonly string[] },
): string {
  const { proposal, inputs, seed } = calibration;
  const count = Object.values(inputs).reduce((a, b) => a + b, 0);
  const verdict =
    proposal.profile === "exact"
      ? `profile exact: ${proposal.reason ?? ""}`
      : "profile tolerant; green: where a tolerance fits";
  const lines = [
    `${count} inputs, seed ${seed}; whiskers: smallest to largest, box: middle half, white: median`,
    ...wrap(verdict),
  ].map((line, i) => text("sub", 24, 46 + i * LINE.height, line));
  const keysAt = 44 + lines.length * LINE.height;
  const keys = [
    ["honest runtimes", INK.honest],
    ["all of them, by kind of input", INK.kind],
    ["cheaper versions", INK.cheap],
  ] as const;
  let x = 24;
  const legend = keys.map(([name, colour]) => {
    const part = `<rect x="${x}" y="${keysAt - 9}" width="10" height="10" rx="2" fill="${colour}"/>${text("sub", x + 15, keysAt, name)}`;
    x += 36 + name.length * 6.3;
    return part;
  });
  let height = keysAt + 14;
  const panels = outputs.flatMap((name, k) => {
    const parts = panel(calibration, k, name, height);
    height += panelHeight(calibration, k);
    return parts;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#f8fafc"/>`,
    text("head", 24, 28, `${title}: distance from the exact answer`),
    ...lines,
    ...legend,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}
