import { escapeXml } from "../xml.js";
import { FONT, type Layout, layOutPicture, MAX_CHARS, type Placed, type Point, shorten } from "./layout.js";
import type { Box, Picture, Tag, Tone } from "./picture.js";

const COLOURS: Readonly<Record<Tone, string>> = {
  reduce: "#2563eb",
  map: "#0d9488",
  gather: "#d97706",
  group: "#475569",
  input: "#64748b",
  output: "#7c3aed",
};
const TAG_COLOURS: Readonly<Record<Tag, string>> = {
  costliest: "#b45309",
  jump: "#64748b",
  "noisy jump": "#be123c",
};
const MARGIN = 24;
const HEADER = 84;

const STYLE = `
  text { font-family: Inter, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #0f172a; }
  .head { font-size: 18px; font-weight: 600; }
  .sub, .key { font-size: 12px; fill: #475569; }
  .title { font-size: ${FONT.title}px; font-weight: 600; }
  .line { font-size: ${FONT.line}px; fill: #475569; }
  .tag { font-size: 9.5px; font-weight: 600; fill: #ffffff; }
  .pill { font-size: 10.5px; fill: #475569; }
  .edge { fill: none; stroke: #94a3b8; stroke-width: 1.4; }
  .faint { stroke: #cbd5e1; stroke-dasharray: 4 3; }`;

/** A picture as a self-contained SVG document. `title` and `subtitle` stand above it. */
export function drawSvg(picture: Picture, { title, subtitle }: { title: string; subtitle: string }): string {
  const layout = layOutPicture(picture);
  const width = Math.ceil(Math.max(layout.width, 8.6 * Math.max(subtitle.length * 0.85, 60))) + 2 * MARGIN;
  const height = Math.ceil(layout.height) + HEADER + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
      `<path d="M0.5,0.8 L7.5,4 L0.5,7.2 Z" fill="#94a3b8"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="#f8fafc"/>`,
    text("head", MARGIN, MARGIN + 16, shorten(title, 80)),
    text("sub", MARGIN, MARGIN + 38, [subtitle, picture.note].filter((part) => part !== undefined).join(" · ")),
    legend(picture),
    ...drawBody(layout, { x: MARGIN + Math.max(0, (width - 2 * MARGIN - layout.width) / 2), y: MARGIN + HEADER }),
    "</svg>",
    "",
  ].join("\n");
}

function drawBody({ items, lines }: Layout, at: Point): string[] {
  return [
    `<g transform="translate(${round(at.x)} ${round(at.y)})">`,
    ...lines.map(
      ({ points, faint }) =>
        `<path class="edge${faint ? " faint" : ""}" d="${curve(points)}" marker-end="url(#arrow)"/>`,
    ),
    ...items.map((item) => (item.box ? drawBox(item, item.box) : drawPill(item))),
    "</g>",
  ];
}

/** Through the first and last point, bending at those between them. */
function curve(points: readonly Point[]): string {
  const at = ({ x, y }: Point): string => `${round(x)},${round(y)}`;
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  let path = `M${at(first)}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const [here, next] = [rest[i]!, rest[i + 1]!];
    const end = i === rest.length - 2 ? next : { x: (here.x + next.x) / 2, y: (here.y + next.y) / 2 };
    path += ` Q${at(here)} ${at(end)}`;
  }
  return rest.length === 1 ? `${path} L${at(last)}` : path;
}

function drawBox({ x, y, width, height }: Placed, { tone, title, lines, tooltip, tags }: Box): string {
  const colour = COLOURS[tone];
  const isEnd = tone === "input" || tone === "output";
  const left = isEnd ? FONT.pad : FONT.pad + 6;
  const border = tags.includes("costliest")
    ? `stroke="${TAG_COLOURS.costliest}" stroke-width="1.8"`
    : `stroke="#cbd5e1"`;
  const parts = [
    `<g transform="translate(${round(x)} ${round(y)})"><title>${escapeXml(tooltip)}</title>`,
    isEnd
      ? `<rect width="${width}" height="${height}" rx="${height / 2}" fill="#ffffff" stroke="${colour}" stroke-width="1.4"/>`
      : `<rect width="${width}" height="${height}" rx="7" fill="#ffffff" ${border}/>` +
        `<path d="M7,0.5 H6 V${height - 0.5} H7 A6.5,6.5 0 0 1 0.5,${height - 7} V7 A6.5,6.5 0 0 1 7,0.5 Z" fill="${colour}"/>`,
  ];
  const anchor = isEnd ? { x: width / 2, middle: true } : { x: left, middle: false };
  parts.push(text("title", anchor.x, 20, shorten(title, MAX_CHARS.title), anchor.middle));
  lines.forEach((line, i) => {
    parts.push(text("line", anchor.x, 37 + i * FONT.lineHeight, shorten(line, MAX_CHARS.line), anchor.middle));
  });
  let right = width - 8;
  for (const tag of tags) {
    const tagWidth = Math.ceil(tag.length * 6.2) + 12;
    right -= tagWidth;
    parts.push(
      `<rect x="${right}" y="8" width="${tagWidth}" height="16" rx="8" fill="${TAG_COLOURS[tag]}"/>`,
      text("tag", right + tagWidth / 2, 19.5, tag, true),
    );
    right -= 4;
  }
  return `${parts.join("")}</g>`;
}

function drawPill({ x, y, width, height, text: label }: Placed): string {
  return (
    `<rect x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" rx="${height / 2}" fill="#eef2f7" stroke="#cbd5e1"/>` +
    text("pill", x + width / 2, y + 14, label ?? "", true)
  );
}

function legend({ boxes, inputs, outputs }: Picture): string {
  const tones = new Set<Tone>(boxes.map(({ tone }) => tone));
  if (inputs.length > 0) tones.add("input");
  if (outputs.length > 0) tones.add("output");
  let x = MARGIN;
  const parts = [...tones].map((tone) => {
    const part = `<circle cx="${x + 5}" cy="${MARGIN + 60}" r="5" fill="${COLOURS[tone]}"/>${text("key", x + 16, MARGIN + 64, tone)}`;
    x += 34 + tone.length * 7;
    return part;
  });
  return parts.join("");
}

function text(style: string, x: number, y: number, content: string, middle = false): string {
  const anchor = middle ? ` text-anchor="middle"` : "";
  return `<text class="${style}" x="${round(x)}" y="${round(y)}"${anchor}>${escapeXml(content)}</text>`;
}

const round = (n: number): string => String(Math.round(n * 10) / 10);
