import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Code, compileWithSolc, resolvedImports, type SolcInput, type SolcOutput } from "./syntax.js";

/** A compiled contract as Hardhat keeps it: what a mutant changes of it, and whose it is. */
interface Artifact {
  readonly contractName: string;
  readonly inputSourceName: string;
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly linkReferences: unknown;
  readonly deployedLinkReferences: unknown;
  readonly immutableReferences: unknown;
}

interface StoredFile {
  readonly path: string;
  readonly text: string;
}

/** What Hardhat calls sources of the tree. */
const PROJECT = "project/";

const OUTPUTS = ["bytecode.object", "bytecode.linkReferences", "deployedBytecode.object"]
  .concat("deployedBytecode.linkReferences", "deployedBytecode.immutableReferences")
  .map((name) => `evm.${name}`);

/**
 * An optimizer without the two parts that take most of the time: common subexpressions, and assembly. A mutant's contracts cost some
 * more gas that way, less than the probes of coverage do, with which every test that judges passed.
 */
const LIGHT_OPTIMIZER = {
  enabled: true,
  runs: 200,
  details: { peephole: true, inliner: true, jumpdestRemover: true, orderLiterals: true, deduplicate: true },
};

/**
 * The compiled contracts of the copy. A mutant's are compiled here, those that its source goes into and no others, and put among the
 * compiled ones for as long as its tests run. Hardhat would compile once more to put them back, and make types and debugging data that
 * no test of a mutant reads.
 */
export class Build {
  /** Replaced files as they were, for a run that was killed. */
  readonly #journal: string;
  readonly #artifacts: ReadonlyMap<string, readonly StoredFile[]>;
  readonly #input: SolcInput;
  /** What each source imports. */
  readonly #imports: ReadonlyMap<string, readonly string[]>;

  /** @param tree the copy, compiled */
  constructor(tree: string) {
    this.#journal = join(dirname(tree), "replaced.json");
    this.#restore();
    const read = (path: string) => ({ path, text: readFileSync(path, "utf8") });
    const compiled = globSync("artifacts/contracts/**/*.json", { cwd: tree }).map((file) => read(join(tree, file)));
    this.#artifacts = Map.groupBy(compiled, ({ text }) => (JSON.parse(text) as Artifact).inputSourceName);
    const infos = globSync("artifacts/build-info/*.json", { cwd: tree }).filter((name) => !/output\.json$/.test(name));
    const inputs = infos.map(
      (name) => (JSON.parse(readFileSync(join(tree, name), "utf8")) as { input: SolcInput }).input,
    );
    const names = new Set(inputs.flatMap(({ sources }) => Object.keys(sources)));
    // Contracts that were compiled at different times each have an input; those of the copy are as they are now.
    const content = (name: string): string =>
      name.startsWith(PROJECT)
        ? readFileSync(join(tree, name.slice(PROJECT.length)), "utf8")
        : inputs.find(({ sources }) => name in sources)!.sources[name]!.content;
    this.#input = {
      ...inputs[0]!,
      sources: Object.fromEntries([...names].map((name) => [name, { content: content(name) }])),
    };
    this.#imports = resolvedImports(this.#input);
  }

  /**
   * Runs something while one source is another.
   * @param users sources that it goes into, itself among them
   * @returns undefined where the compiler refuses the source
   */
  async with<T>(
    file: string,
    content: string,
    users: readonly string[],
    run: () => Promise<T>,
  ): Promise<T | undefined> {
    const affected = users.map((user) => PROJECT + user);
    const contracts = this.#compile(PROJECT + file, content, affected);
    if (contracts === undefined) return undefined;
    const replaced = affected.flatMap((name) => this.#artifacts.get(name) ?? []);
    writeFileSync(this.#journal, JSON.stringify(replaced));
    for (const { path, text } of replaced) {
      const artifact = JSON.parse(text) as Artifact;
      const { bytecode, deployedBytecode } = contracts[artifact.inputSourceName]![artifact.contractName]!.evm;
      writeFileSync(path, JSON.stringify(withCode(artifact, bytecode, deployedBytecode)));
    }
    try {
      return await run();
    } finally {
      this.#restore();
    }
  }

  /** Compiles some sources, with what they import, while one of them has other content; undefined where the compiler refuses it. */
  #compile(name: string, content: string, affected: readonly string[]): SolcOutput["contracts"] {
    const needed = new Set(affected);
    for (const each of needed) for (const imported of this.#imports.get(each) ?? []) needed.add(imported);
    const sources = Object.fromEntries([...needed].map((each) => [each, this.#input.sources[each]!]));
    const outputSelection = Object.fromEntries(affected.map((each) => [each, { "*": OUTPUTS }]));
    const { settings } = this.#input;
    // Some functions have too many variables for the stack unless everything is optimised.
    for (const optimizer of [LIGHT_OPTIMIZER, settings["optimizer"]]) {
      const { errors, contracts } = compileWithSolc({
        ...this.#input,
        sources: { ...sources, [name]: { content } },
        settings: { ...settings, optimizer, outputSelection },
      });
      if (!errors?.some(({ severity }) => severity === "error")) return contracts;
    }
    return undefined;
  }

  #restore(): void {
    if (!existsSync(this.#journal)) return;
    const replaced = JSON.parse(readFileSync(this.#journal, "utf8")) as StoredFile[];
    for (const { path, text } of replaced) writeFileSync(path, text);
    rmSync(this.#journal);
  }
}

const withCode = (artifact: Artifact, deploying: Code, deployed: Code): Artifact => ({
  ...artifact,
  bytecode: `0x${deploying.object}`,
  deployedBytecode: `0x${deployed.object}`,
  linkReferences: deploying.linkReferences,
  deployedLinkReferences: deployed.linkReferences,
  immutableReferences: deployed.immutableReferences ?? {},
});
