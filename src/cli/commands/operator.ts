import type { Command } from "commander";
import { formatEther } from "ethers";

import type { DrawTermsStruct } from "../../../typechain-types/interfaces/IOfferBook.js";
import { allowStake, depositStake } from "../../operator/stake.js";
import type { Context } from "../context.js";
import { days } from "../io.js";
import { renderStatus, statusOf } from "../operatorStatus.js";
import { address, amount, basisPoints, currencyOption, duration, id, integer } from "../parse.js";

const coins = (value: bigint): string => formatEther(value);

interface OfferFlags {
  readonly currency: string;
  readonly answerGas: number;
  readonly price: bigint;
  readonly maxLock: bigint;
  readonly minDuration: number;
  readonly concurrency: number;
  readonly close?: boolean;
}

export function operatorCommands(program: Command, context: () => Context): void {
  const operator = program.command("operator").description("stake, keys, offers and terms (owner's key)");

  operator
    .command("stake")
    .argument("<tokens>", "e.g. 1000", amount)
    .description("add to the stake")
    .addHelpText("after", "\nExample:\n  npx touchstone operator stake 1000")
    .action(async (value: bigint) => {
      const ctx = context();
      const sender = await ctx.sender();
      const { gasUsed } = await depositStake(await ctx.suite(), sender, { amount: value });
      ctx.io.result({ operator: sender.address, staked: value, gas: gasUsed }, () => `staked ${coins(value)} tokens`);
    });

  operator
    .command("faucet")
    .description("take test tokens, where the deployment has a test token")
    .action(async () => {
      const ctx = context();
      const [{ token }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await token.drip.populateTransaction());
      const balance = await token.balanceOf(sender.address);
      ctx.io.result({ account: sender.address, balance }, () => `balance ${coins(balance)} tokens`);
    });

  operator
    .command("worker")
    .argument("<address>", "the hot key", address)
    .description("propose the hot key that answers; it accepts with `operator accept`")
    .action(async (worker: string) => {
      const ctx = context();
      const [{ profiles }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await profiles.proposeWorker.populateTransaction(worker));
      ctx.io.result({ operator: sender.address, proposed: worker }, () => `proposed ${worker}`);
    });

  operator
    .command("accept")
    .argument("<operator>", "the owner's address", address)
    .description("become the worker of an operator that proposed this key (worker's key)")
    .action(async (owner: string) => {
      const ctx = context();
      const [{ profiles }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await profiles.acceptWorker.populateTransaction(owner));
      ctx.io.result({ operator: owner, worker: sender.address }, () => `${sender.address} answers for ${owner}`);
    });

  operator
    .command("offer")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("post terms for jobs that name you; what an open offer takes has to be answered in time")
    .option("--price <amount>", "fee for one job, in the currency", amount, 0n)
    .addOption(currencyOption("listed token that fees are paid in"))
    .option("--answer-gas <n>", "gas of an answer, paid on top at twice the base fee", integer, 0)
    .requiredOption("--max-lock <tokens>", "most stake that one job may lock", amount)
    .option("--min-duration <time>", "shortest time to answer", duration, 600)
    .option("--concurrency <n>", "most jobs waiting for an answer", integer, 16)
    .option("--close", "take no new jobs")
    .addHelpText("after", "\nExample:\n  npx touchstone operator offer 0x12..ef --price 0.001 --max-lock 100")
    .action(async (text: string, flags: OfferFlags) => {
      const ctx = context();
      const [{ offers }, sender] = [await ctx.suite(), await ctx.sender()];
      const { currency, answerGas, price, maxLock, minDuration, concurrency } = flags;
      const offer = { currency, answerGas, price, maxLock, minDuration, concurrency, open: flags.close !== true };
      await sender.send(await offers.setOffer.populateTransaction(text, offer));
      ctx.io.result({ operator: sender.address, modelId: text, ...offer }, () =>
        offer.open ? "offer posted" : "offer closed",
      );
    });

  operator
    .command("commission")
    .argument("<percent>", "what is taken of each fee before delegators share the rest, e.g. 10", basisPoints)
    .description("announce a commission; it applies after its delay")
    .action(async (commission: number) => {
      const ctx = context();
      const [{ profiles, hub }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await profiles.setCommission.populateTransaction(commission));
      const { commissionAt } = await profiles.termsOf(sender.address);
      const waits = commissionAt - (await hub.time());
      ctx.io.result(
        { operator: sender.address, commission, appliesAt: commissionAt, waits },
        () => `${commission / 100}% applies in ${days(waits)} days`,
      );
    });

  operator
    .command("draws")
    .argument("<tokens>", "stake that only draws can lock, e.g. 500; 0 for none", amount)
    .description("set stake aside for drawn jobs, from the next epoch on")
    .action(async (tokens: bigint) => {
      const ctx = context();
      const [{ staking }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await staking.setDrawStake.populateTransaction(tokens));
      ctx.io.result(
        { operator: sender.address, drawStake: tokens },
        () => `${coins(tokens)} tokens set aside from the next epoch on`,
      );
    });

  operator
    .command("release")
    .description("leave jail when its time is served; the fee burns")
    .action(async () => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { releaseFee } = await suite.hub.stakingParams();
      await allowStake(suite, sender, releaseFee);
      await sender.send(await suite.staking.release.populateTransaction());
      ctx.io.result({ operator: sender.address, fee: releaseFee }, () => `released for ${coins(releaseFee)} tokens`);
    });

  operator
    .command("reserve")
    .argument("<tokens>", "e.g. 500; 0 for none", amount)
    .description("the most stake that the worker's key may reserve for payers, all reservations together")
    .action(async (tokens: bigint) => {
      const ctx = context();
      const [{ receipts }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await receipts.setReservationCap.populateTransaction(tokens));
      const { reserved } = await receipts.reservedBy(sender.address);
      ctx.io.result({ operator: sender.address, reserved, cap: tokens }, (r) => `may reserve ${coins(r.cap)} tokens`);
    });

  operator
    .command("enlist")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("be drawn for jobs on a model, from the next epoch on; again to change terms or count new draw stake")
    .option("--price <amount>", "least fee, in the currency", amount, 0n)
    .addOption(currencyOption("listed token that fees are paid in"))
    .requiredOption("--max-lock <tokens>", "most stake that one job may lock", amount)
    .option("--min-duration <time>", "shortest time to answer", duration, 600)
    .option("--concurrency <n>", "most drawn jobs waiting for an answer", integer, 16)
    .addHelpText("after", "\nExample:\n  npx touchstone operator enlist 0x12..ef --price 0.001 --max-lock 100")
    .action(async (text: string, terms: DrawTermsStruct) => {
      const ctx = context();
      const [{ offers }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await offers.enlist.populateTransaction(text, terms));
      ctx.io.result({ operator: sender.address, modelId: text, ...terms }, () => "enlisted from the next epoch on");
    });

  operator
    .command("delist")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("be drawn no more, from the next epoch on")
    .action(async (text: string) => {
      const ctx = context();
      const [{ offers }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await offers.delist.populateTransaction(text));
      ctx.io.result({ operator: sender.address, modelId: text }, () => "delisted from the next epoch on");
    });

  operator
    .command("status")
    .argument("[operator]", "the owner's address (default: this key's)", address)
    .description("one screen: stake, locks, exits, what can be collected, strikes, and what is at risk")
    .action(async (given?: string) => {
      const ctx = context();
      const suite = await ctx.suite();
      const owner = given ?? (await ctx.sender()).address;
      const status = await statusOf(suite, owner);
      ctx.io.result(status, () => renderStatus(status));
    });
}
