import { ZeroAddress } from "ethers";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import { at, claimOf } from "../support/challenges.js";
import { agreementOf, deployAudits, drawJob, drawnAuditors, finalise, passSeed } from "../support/lottery.js";
import { connect } from "../support/protocol.js";

/** Whole transactions, calldata included; a model of five nodes, and one auditor, so that no block hash has a say. */
describe("gas of an audit", () => {
  it("is what the snapshot says", async () => {
    const chain = await connect();
    const suite = await deployAudits(chain, { auditors: 1, lottery: { auditors: 1 } });
    const { lottery, manager } = suite;
    const used = async (sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) =>
      (await (await sent).wait())!.gasUsed;
    // The pool is not empty when the first auditor is paid.
    const before = await claimOf(chain, suite);
    await finalise(chain, suite, before.id);

    const claim = await claimOf(chain, suite);
    await passSeed(chain);
    const draw = await used(drawJob(suite, claim.id));
    const [auditor] = await drawnAuditors(suite, claim.id);
    const report = await agreementOf(suite, claim.id, auditor!, claim.truth);
    const commit = await used(report.commit());
    await at(chain, (await lottery.audit(claim.id)).commitDeadline + 1n);
    const announce = await used(report.announce());
    const open = await used(report.open());
    await finalise(chain, suite, claim.id);
    await at(chain, (await manager.challenge(report.report)).lastDeadline + 1n);
    const resolve = await used(manager.resolve(report.report));
    const settle = await used(lottery.settle(claim.id, auditor!));
    await at(chain, (await manager.challenge(report.report)).executableAt);
    const execute = await used(manager.execute(report.report));
    const collect = await used(lottery.collect(auditor!, ZeroAddress));
    expectSnapshot("gas/lottery", { draw, commit, announce, open, resolve, settle, execute, collect });
  });
});
