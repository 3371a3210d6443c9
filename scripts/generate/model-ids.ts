/**
 * Writes test/vectors/model-ids.json: what the compiler makes of every model at hand. Run: tsx scripts/generate/model-ids.ts. With `--print
 * <folders>` it prints the ids of the models in these folders instead.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { conformanceDir } from "../../test/support/conformance.js";
import { BESIDE, COMMITTED, modelIds } from "../../test/support/model-ids.js";
import { file } from "../../test/support/vector-files.js";

const [mode, ...folders] = process.argv.slice(2);
if (mode === "--print") {
  console.log(JSON.stringify(modelIds(folders)));
} else {
  const models = modelIds([...COMMITTED, ...BESIDE.map((name) => join(conformanceDir, name))]);
  const about =
    "What the compiler makes of models, known by the SHA-256 of their files: ids of docs/audit.md, section 5, with profile exact, whole domains and the " +
    "compiler's bounds on proofs, in the shapes of their first data set; or the code with which it refuses them.";
  writeFileSync("test/vectors/model-ids.json", file(about, { models }, "scripts/generate/model-ids.ts"));
}
