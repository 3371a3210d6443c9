/** Writes test/vectors/scalars.json. Run: tsx scripts/generate/scalar-vectors.ts */
import { writeFileSync } from "node:fs";

import { scalarVectors } from "../../test/support/scalar-vectors.js";

writeFileSync(new URL("../../test/vectors/scalars.json", import.meta.url), scalarVectors());
