/** `tsx scripts/generate/dispute.ts`: writes docs/dispute.md and its picture. */
import { writeFileSync } from "node:fs";

import { workedDispute } from "../support/dispute.js";

const { page, picture } = workedDispute(".");
writeFileSync("docs/dispute.md", page);
writeFileSync("docs/dispute.svg", picture);
