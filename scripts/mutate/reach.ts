import type { TestHits } from "../probes/recorder.js";
import type { Probed } from "../probes/sources.js";
import type { Mutant } from "./mutants.js";
import { type Span, spanOf, type SyntaxNode, walk } from "./syntax.js";

/** Something in a source that a mutant may lie in. */
interface Place extends Span {
  readonly file: string;
}

interface Declared extends Place {
  readonly id: number;
}

/** Which tests come by a mutant: as coverage has measured it. */
export class Reach {
  readonly #statements: ReadonlyMap<string, readonly Declared[]>;
  readonly #functions: readonly Place[];
  readonly #variables: readonly Declared[];
  /** Where declarations are used. */
  readonly #uses = new Map<number, Place[]>();
  readonly #tests: readonly { readonly test: TestHits; readonly hits: ReadonlySet<number> }[];

  constructor({ trees, points }: Pick<Probed, "trees" | "points">, tests: readonly TestHits[]) {
    const statements = points.flatMap((point, id) => (point.kind === "statement" ? [{ ...point, id }] : []));
    this.#statements = Map.groupBy(statements, ({ file }) => file);
    // Tests that fail without a fault say nothing about one.
    this.#tests = tests.filter(({ passed }) => passed).map((test) => ({ test, hits: new Set(test.hits) }));
    const [functions, variables]: [Place[], Declared[]] = [[], []];
    for (const [file, tree] of trees) {
      for (const node of walk(tree)) {
        const place = { ...spanOf(node), file };
        if (/^(Function|Modifier)Definition$/.test(node.nodeType)) functions.push(place);
        if (node.nodeType === "VariableDeclaration") variables.push({ ...place, id: node["id"] as number });
        for (const id of declarationsIn(node)) this.#uses.set(id, [...(this.#uses.get(id) ?? []), place]);
      }
    }
    this.#functions = functions;
    this.#variables = variables;
  }

  /** Tests in some files that reach a mutant. Where it is not known what reaches it: all. The cheapest come first. */
  testsOf({ file, start, end }: Pick<Mutant, "file" | "start" | "end">, files: ReadonlySet<string>): TestHits[] {
    const points = this.#pointsAt({ file, start, end }, new Set());
    return this.#tests
      .filter(({ test, hits }) => files.has(test.file) && (points.size === 0 || [...points].some((id) => hits.has(id))))
      .map(({ test }) => test)
      .sort((a, b) => a.ms - b.ms);
  }

  /** The statement around a place; else those of its function, whose modifiers it is in; else those that use its variable. */
  #pointsAt(place: Place, seen: Set<number>): ReadonlySet<number> {
    const statement = innermost(this.#statements.get(place.file) ?? [], place);
    if (statement !== undefined) return new Set([statement.id]);
    const within = innermost(this.#functions, place);
    if (within !== undefined) {
      const inside = (this.#statements.get(place.file) ?? []).filter((each) => contains(within, each));
      return new Set(inside.map(({ id }) => id));
    }
    const variable = innermost(this.#variables, place);
    if (variable === undefined || seen.has(variable.id)) return new Set();
    seen.add(variable.id);
    return new Set((this.#uses.get(variable.id) ?? []).flatMap((use) => [...this.#pointsAt(use, seen)]));
  }
}

/** Declarations that a node uses. Assembly lists them in a way of its own. */
function declarationsIn(node: SyntaxNode): number[] {
  if (node.nodeType === "InlineAssembly") {
    return (node["externalReferences"] as { declaration: number }[]).map(({ declaration }) => declaration);
  }
  const used = node["referencedDeclaration"];
  return typeof used === "number" ? [used] : [];
}

const contains = (outer: Place, inner: Place): boolean =>
  outer.file === inner.file && outer.start <= inner.start && inner.end <= outer.end;

function innermost<T extends Place>(places: readonly T[], place: Place): T | undefined {
  const around = places.filter((each) => contains(each, place));
  return around.sort((a, b) => a.end - a.start - (b.end - b.start))[0];
}
