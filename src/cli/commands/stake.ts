import type { Command } from "commander";
import { formatEther } from "ethers";

import { TouchstoneError } from "../../errors.js";
import { depositStake } from "../../operator/stake.js";
import { listExits, readyExits } from "../../operator/exits.js";
import type { Context } from "../context.js";
import { days, table } from "../io.js";
import { address, amount, integer } from "../parse.js";

interface Whose {
  /** Whose pool; the sender's own by default. */
  readonly operator?: string;
}

const ALL = "all";
const coins = (value: bigint): string => formatEther(value);
const amountOrAll = (text: string): bigint | typeof ALL => (text === ALL ? ALL : amount(text));

/** What an owner does with its own stake, and a delegator with what it delegates: the same calls. */
export function stakeCommands(program: Command, context: () => Context): void {
  const stake = program.command("stake").description("own and delegated stake: deposits, exits, earnings");
  const operatorOption = ["--operator <address>", "whose stake (default: this key's own)", address] as const;

  stake
    .command("deposit")
    .argument("<tokens>", "e.g. 1000", amount)
    .option(...operatorOption)
    .description("add to the own stake, or delegate to an operator")
    .addHelpText("after", "\nExample:\n  npx touchstone stake deposit 100 --operator 0x12..ef")
    .action(async (value: bigint, flags: Whose) => {
      const ctx = context();
      const sender = await ctx.sender();
      const { operator = sender.address } = flags;
      const { gasUsed } = await depositStake(await ctx.suite(), sender, { amount: value, operator });
      ctx.io.result({ operator, holder: sender.address, amount: value, gas: gasUsed }, () =>
        operator === sender.address
          ? `staked ${coins(value)} tokens`
          : `delegated ${coins(value)} tokens to ${operator}`,
      );
    });

  stake
    .command("exit")
    .argument("<tokens>", "e.g. 1000, or all", amountOrAll)
    .option(...operatorOption)
    .description("ask for stake back; it can leave after unbonding, when no lock stands that it backed")
    .action(async (value: bigint | typeof ALL, flags: Whose) => {
      const ctx = context();
      const [{ staking, hub }, sender] = [await ctx.suite(), await ctx.sender()];
      const { operator = sender.address } = flags;
      await sender.send(
        value === ALL
          ? await staking.requestFullExit.populateTransaction(operator)
          : await staking.requestExit.populateTransaction(operator, value),
      );
      const { exitCount } = await staking.position(operator, sender.address);
      const exitId = Number(exitCount) - 1;
      const { amount: leaving, readyAt } = await staking.exit(operator, sender.address, exitId);
      const waits = readyAt - (await hub.time());
      ctx.io.result(
        { operator, exitId, amount: leaving, readyAt, waits },
        () => `exit ${exitId} of ${coins(leaving)} tokens can leave in ${days(waits)} days`,
      );
    });

  stake
    .command("cancel")
    .argument("<exitId>", "number of the exit", integer)
    .option(...operatorOption)
    .description("take a queued exit back into the stake")
    .action(async (exitId: number, flags: Whose) => {
      const ctx = context();
      const [{ staking }, sender] = [await ctx.suite(), await ctx.sender()];
      const { operator = sender.address } = flags;
      await sender.send(await staking.cancelExit.populateTransaction(operator, exitId));
      ctx.io.result({ operator, exitId }, () => `exit ${exitId} cancelled`);
    });

  stake
    .command("withdraw")
    .argument("[exitIds...]", "numbers of exits (default: all that may leave)")
    .option(...operatorOption)
    .option("--to <address>", "who receives the tokens (default: this key)", address)
    .description("take out exits that have waited long enough, in one transaction")
    .action(async (given: string[], flags: Whose & { readonly to?: string }) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { operator = sender.address, to: receiver = sender.address } = flags;
      const exitIds = given.length > 0 ? given.map(integer) : await readyExits(suite, operator, sender.address);
      if (exitIds.length === 0) {
        throw new TouchstoneError("NO_EXIT_READY", "No exit may leave now.", {
          next: "`touchstone stake show` says when, `touchstone stake exit` asks for one.",
        });
      }
      const { staking } = suite;
      const calls = exitIds.map((exitId) =>
        staking.interface.encodeFunctionData("withdrawExit", [operator, exitId, receiver]),
      );
      await sender.send(await staking.multicall.populateTransaction(calls));
      ctx.io.result({ operator, exitIds, receiver }, () => `exits ${exitIds.join(", ")} paid out to ${receiver}`);
    });

  stake
    .command("collect")
    .option(...operatorOption)
    .option("--to <address>", "who receives them (default: this key)", address)
    .description("collect fees earned by delegating, and rewards of challenges")
    .action(async (flags: Whose & { readonly to?: string }) => {
      const ctx = context();
      const [{ staking, fees, hub }, sender] = [await ctx.suite(), await ctx.sender()];
      const { operator = sender.address, to: receiver = sender.address } = flags;
      const { generation } = await staking.delegatedPool(operator);
      const collected: { currency: string; amount: bigint }[] = [];
      for (const currency of await hub.currencies()) {
        const earned = await fees.earned(operator, generation, currency, sender.address);
        if (earned === 0n) continue;
        await sender.send(await fees.collect.populateTransaction(operator, generation, currency, receiver));
        collected.push({ currency, amount: earned });
      }
      const reward = await staking.rewardOf(sender.address);
      if (reward > 0n) await sender.send(await staking.withdrawReward.populateTransaction(receiver));
      ctx.io.result({ operator, fees: collected, reward }, () =>
        [
          ...collected.map(({ currency, amount: sum }) => `${coins(sum)} of ${currency}`),
          `${coins(reward)} tokens of rewards`,
        ].join("\n"),
      );
    });

  stake
    .command("show")
    .option(...operatorOption)
    .option("--holder <address>", "whose position (default: this key's)", address)
    .description("a position and its exits")
    .action(async (flags: Whose & { readonly holder?: string }) => {
      const ctx = context();
      const suite = await ctx.suite();
      const holder = flags.holder ?? (await ctx.sender()).address;
      const { operator = holder } = flags;
      const [{ amount: held }, exits, now] = await Promise.all([
        suite.staking.position(operator, holder),
        listExits(suite, operator, holder),
        suite.hub.time(),
      ]);
      ctx.io.result({ operator, holder, amount: held, exits }, () =>
        table([
          ["stake", `${coins(held)} tokens`],
          ...exits.map(({ exitId, amount: leaving, readyAt, unlocked }) => [
            `exit ${exitId}`,
            `${coins(leaving)} tokens`,
            readyAt > now ? `in ${days(readyAt - now)} days` : unlocked ? "may leave" : "waits for locks",
          ]),
        ]),
      );
    });
}
