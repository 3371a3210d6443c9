/**
 * Audits one answered job and, if it is wrong, opens a challenge with the network's first account.
 *
 *   JOB=0x... npx hardhat run scripts/challenge.ts --network localhost
 *
 * Keep `npx touchstone watch` running with the same key afterwards: it answers demands, resolves and executes.
 */
import { join } from "node:path";

import { createLogger } from "../src/log.js";
import { answeredClaim, challengeClaim } from "../src/dispute/challenge-claim.js";
import { createInlineSink } from "../src/audit/roots.js";
import { createEvidencer } from "../src/dispute/evidence.js";
import { createCatalogue } from "../src/models/catalogue.js";
import { createModelFiles } from "../src/models/files.js";
import { openState, roleState } from "../src/store/state.js";
import { connectHardhat, setting } from "./support/suite.js";

const { settings, suite, sender, signer } = await connectHardhat();
const claim = await answeredClaim(suite, setting("JOB", "0x12..ef").toLowerCase());
const evidencer = createEvidencer(
  createCatalogue(suite, createModelFiles(join(settings.home, "models"))),
  createInlineSink(),
);
const state = openState(roleState(settings.home, "watcher", sender.address));
const log = createLogger("challenge", settings.logLevel);
const { accusation, verdict } = await challengeClaim({ suite, sender, signer, evidencer, state, claim, log });
console.log(JSON.stringify({ ...accusation, verdict }, null, 2));
