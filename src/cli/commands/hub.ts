import type { Command } from "commander";

import type { Context } from "../context.js";
import { days, table } from "../io.js";

/** What everybody has to know of a deployment before it relies on a deadline. */
export function hubCommand(program: Command, context: () => Context): void {
  program
    .command("hub")
    .description("the protocol's clock, pause, and announced change of parameters")
    .action(async () => {
      const ctx = context();
      const { hub } = await ctx.suite();
      const [time, epoch, paused, lastPause, proposal, { unbonding }, currencies] = await Promise.all([
        hub.time(),
        hub.epoch(),
        hub.isPaused(),
        hub.lastPause(),
        hub.proposal(),
        hub.stakingParams(),
        hub.currencies(),
      ]);
      const announced = proposal.effectiveAt === 0n ? null : { hash: proposal.hash, effectiveAt: proposal.effectiveAt };
      const pauseEndsAt = paused ? lastPause.end : null;
      const state = { time, epoch, paused, pauseEndsAt, announced, unbonding, currencies: [...currencies] };
      ctx.io.result(state, (s) =>
        table([
          ["protocol time", String(s.time)],
          ["epoch", String(s.epoch)],
          ["pause", s.pauseEndsAt === null ? "none" : `until ${new Date(Number(s.pauseEndsAt) * 1_000).toISOString()}`],
          [
            "announced parameters",
            s.announced === null ? "none" : `apply in ${days(s.announced.effectiveAt - s.time)} days`,
          ],
          ["unbonding", `${days(s.unbonding)} days`],
          ["currencies of fees", s.currencies.join(" ")],
        ]),
      );
    });
}
