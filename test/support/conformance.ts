import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Small models that are part of the repository, with licences. */
export const assetsDir = join(here, "../../assets/models");

/**
 * The folder of third-party test data, which lies beside the repository and is not part of it. TOUCHSTONE_CONFORMANCE
 * points elsewhere.
 */
export const conformanceDir = resolve(
  process.env["TOUCHSTONE_CONFORMANCE"] ?? join(here, "../../../shared/conformance"),
);

const present = existsSync(conformanceDir);
if (!present) console.warn(`SKIPPING conformance tests: no folder ${conformanceDir}`);

/** `describe` for tests that need the conformance folder; skipped, loudly, where it is absent. */
export function describeConformance(title: string, body: (this: Mocha.Suite) => void): void {
  (present ? describe : describe.skip)(title, body);
}

/** Names of the folders of `root` that hold a model; none where the folder is absent, as bodies of skipped suites run too. */
export function caseNames(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).filter((name) => existsSync(join(root, name, "model.onnx")));
}
