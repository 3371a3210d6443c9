import { chainTime, count } from "./format.js";
import type { Line } from "./narrator.js";

/** Where a simulation tells what happens: to people as text, to programs as one JSON object a line. */
export interface Sink {
  chapter(title: string): void;
  line(line: Line): void;
  /** Free text; not part of the data. */
  text(lines: readonly string[]): void;
  /** Data that has no line of its own. */
  data(type: string, value: object): void;
  /** The result, last of all. */
  result(value: object, render: () => readonly string[]): void;
}

const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? v.toString() : v));

/** Widest actor that keeps the columns straight. */
const ACTOR = 9;
const MEANING = 64;
/** Where the meaning begins. */
const INDENT = " ".repeat(28);

export function createSink(options: { json: boolean; write: (line: string) => void; startedAt: () => number }): Sink {
  const { json, write, startedAt } = options;
  if (json) {
    return {
      chapter: (title) => write(toJson({ type: "chapter", title })),
      line: ({ meaning, ...line }) =>
        write(toJson({ type: "step", at: line.time - startedAt(), ...line, meaning: meaning.replaceAll("\n", "; ") })),
      text: () => undefined,
      data: (type, value) => write(toJson({ type, ...value })),
      result: (value) => write(toJson(value)),
    };
  }
  return {
    chapter: (title) => write(`\n${title}\n`),
    line: ({ time, actor, meaning, gas }) => {
      const [what = "", ...details] = meaning.split("\n");
      const when = chainTime(time, startedAt());
      write(`  ${when}  ${actor.padEnd(ACTOR)} ${what.padEnd(MEANING)} ${count(gas).padStart(10)} gas`);
      for (const detail of details) write(`${INDENT}${detail}`);
    },
    text: (lines) => lines.forEach(write),
    data: () => undefined,
    result: (_value, render) => render().forEach(write),
  };
}

/** Tells several sinks the same. */
export function joinSinks(sinks: readonly Sink[]): Sink {
  return {
    chapter: (title) => sinks.forEach((sink) => sink.chapter(title)),
    line: (line) => sinks.forEach((sink) => sink.line(line)),
    text: (lines) => sinks.forEach((sink) => sink.text(lines)),
    data: (type, value) => sinks.forEach((sink) => sink.data(type, value)),
    result: (value, render) => sinks.forEach((sink) => sink.result(value, render)),
  };
}
