import { relative } from "node:path";

/** What one test reached. */
export interface TestHits {
  /** From the tree's root. */
  readonly file: string;
  /** With those of the suites around it. */
  readonly title: string;
  readonly passed: boolean;
  readonly ms: number;
  /** Numbers of points, ascending. */
  readonly hits: readonly number[];
}

type Test = Pick<Mocha.Test, "file" | "state" | "duration" | "fullTitle">;

/** Follows tests and the probes that they hit, one test at a time. */
export class Recorder {
  readonly #tests: (Omit<TestHits, "hits"> & { readonly hits: ReadonlySet<number> })[] = [];
  /** What hooks around tests reached: `before` sets up for all tests of its file. */
  readonly #setUps = new Map<string, Set<number>>();
  readonly #fixtures = new WeakMap<object, Set<number>>();
  #now = new Set<number>();

  hit(id: number): void {
    this.#now.add(id);
  }

  begin({ file }: Test): void {
    this.#keepSetUp(file ?? "");
    this.#now = new Set();
  }

  end(test: Test): void {
    const { file = "", state, duration = 0 } = test;
    this.#tests.push({ file, title: test.fullTitle(), passed: state === "passed", ms: duration, hits: this.#now });
    this.#now = new Set();
  }

  /** Loads a fixture. Only the first time it runs; a later test stands on it all the same. */
  async load<T>(fixture: object, run: () => Promise<T>): Promise<T> {
    const outer = this.#now;
    const reached = this.#fixtures.get(fixture) ?? new Set();
    this.#fixtures.set(fixture, reached);
    this.#now = reached;
    try {
      return await run();
    } finally {
      for (const id of reached) outer.add(id);
      this.#now = outer;
    }
  }

  results(): TestHits[] {
    return this.#tests.map((test) => ({
      ...test,
      file: relative("", test.file).replaceAll("\\", "/"),
      hits: [...new Set([...test.hits, ...(this.#setUps.get(test.file) ?? [])])].sort((a, b) => a - b),
    }));
  }

  #keepSetUp(file: string): void {
    this.#setUps.set(file, new Set([...(this.#setUps.get(file) ?? []), ...this.#now]));
  }
}
