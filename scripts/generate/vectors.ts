/** Writes the vectors of trees, proofs, encodings, views, graphs, models, evidence and ids to test/vectors. Run: tsx scripts/generate/vectors.ts */
import { writeFileSync } from "node:fs";

import { commitmentVectors } from "../../test/support/commitment-vectors.js";
import { graphVectors } from "../../test/support/graph-vectors.js";

for (const [name, content] of [...commitmentVectors(), ...graphVectors()]) {
  writeFileSync(new URL(`../../test/vectors/${name}`, import.meta.url), content);
}
