/** One table of figures, as it is printed and as it stands in docs/benchmarks.md. */
export interface Table {
  readonly title: string;
  /** What a reader has to know to read it. */
  readonly remark?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** A picture of it, as a file beside the document. */
  readonly picture?: { readonly file: string; readonly svg: string };
}

interface BenchContext {
  /** Folder of third-party models and tests. */
  readonly conformance: string;
  /** Tells whoever waits what is going on. */
  readonly say: (line: string) => void;
}

/** Something to measure. It asserts that whatever it compares computes the same bits, and throws where it does not. */
export interface Section {
  run(context: BenchContext): Promise<readonly Table[]>;
}

/** What one run of a section gave. */
export interface Report {
  readonly name: string;
  readonly command: string;
  readonly date: string;
  readonly tables: readonly Table[];
}
