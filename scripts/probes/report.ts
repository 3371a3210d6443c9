import type { Point } from "./instrument.js";

interface Share {
  readonly reached: number;
  readonly all: number;
}

/** What tests reached of one folder, or of everything. */
export interface Row {
  readonly name: string;
  readonly lines: Share;
  readonly statements: Share;
  readonly branches: Share;
}

/** @param hits Numbers of the points that were reached. */
export function summarise(points: readonly Point[], hits: ReadonlySet<number>): { rows: Row[]; missed: Point[] } {
  const numbered = points.map((point, id) => ({ ...point, reached: hits.has(id) }));
  const folders = Map.groupBy(numbered, ({ file }) => file.split("/")[1]!);
  const rows = [...folders, ["all", numbered] as const].map(([name, members]) => row(name, members));
  return { rows, missed: numbered.filter(({ reached }) => !reached) };
}

function row(name: string, members: readonly (Point & { reached: boolean })[]): Row {
  const share = (of: readonly { reached: boolean }[]): Share => ({
    reached: of.filter(({ reached }) => reached).length,
    all: of.length,
  });
  const statements = members.filter(({ kind }) => kind === "statement");
  // A line is reached when a statement that begins on it is.
  const lines = Map.groupBy(statements, ({ file, line }) => `${file}:${line}`);
  return {
    name,
    lines: share([...lines.values()].map((on) => ({ reached: on.some(({ reached }) => reached) }))),
    statements: share(statements),
    branches: share(members.filter(({ kind }) => kind === "branch")),
  };
}

export function renderTable(rows: readonly Row[]): string {
  const cell = ({ reached, all }: Share) =>
    all === 0 ? "-" : `${((100 * reached) / all).toFixed(1)}% of ${all.toLocaleString("en")}`;
  const lines = rows.map(
    ({ name, lines: l, statements, branches }) => `| ${name} | ${cell(l)} | ${cell(statements)} | ${cell(branches)} |`,
  );
  return ["| contracts | lines | statements | branches |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

export const renderMissed = ({ file, line, text, outcome }: Point): string =>
  `${file}:${line} ${outcome === undefined ? "" : `never ${outcome}: `}${text.slice(0, 100)}`;
