import type { Point } from "./instrument.js";

interface Share {
  readonly reached: number;
  readonly all: number;
}

/** What tests reached of one file, of one folder, or of everything. */
export interface Row {
  readonly name: string;
  readonly lines: Share;
  readonly statements: Share;
  readonly branches: Share;
}

export interface Coverage {
  /** By folder, and all. */
  readonly folders: readonly Row[];
  readonly files: readonly Row[];
  readonly missed: readonly Point[];
}

/** @param hits Numbers of the points that were reached. */
export function summarise(points: readonly Point[], hits: ReadonlySet<number>): Coverage {
  const numbered = points.map((point, id) => ({ ...point, reached: hits.has(id) }));
  const folders = Map.groupBy(numbered, ({ file }) => file.split("/")[1]!);
  const files = Map.groupBy(numbered, ({ file }) => file);
  return {
    folders: [...folders, ["all", numbered] as const].map(([name, members]) => row(name, members)),
    files: [...files].map(([name, members]) => row(name, members)),
    missed: numbered.filter(({ reached }) => !reached),
  };
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

/** The page that keeps the figures. */
export function renderPage({ folders, files, missed }: Coverage, tests: readonly string[]): string {
  return `# Coverage of the contracts

Made by \`npm run coverage -- --write\` with the tests in ${tests.map((glob) => `\`${glob}\``).join(", ")}. What is counted:
[CONTRIBUTING.md](../CONTRIBUTING.md#coverage). What is left and why: [security.md](security.md#coverage).

${renderTable(folders)}

## By file

${renderTable(files)}

## Not reached

\`\`\`text
${missed.map(renderMissed).join("\n")}
\`\`\`
`;
}
