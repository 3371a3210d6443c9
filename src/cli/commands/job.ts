import type { Command } from "commander";
import { type ContractTransaction, formatEther, ZeroAddress } from "ethers";

import type { IJobEscrow } from "../../../typechain-types/index.js";

import { fromHex, tensorFromBytes } from "../../audit/bytes.js";
import { DTYPE_CODE, type DType } from "../../audit/graph.js";
import type { Suite } from "../../chain/suite.js";
import { requestJob } from "../../client/request.js";
import { fetchClaim, type JobClaim } from "../../dispute/claims.js";
import { claimStatusName } from "../../dispute/protocol.js";
import { TouchstoneError } from "../../errors.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { address, amount, collect, currencyOption, duration, id, integer } from "../parse.js";
import { readTensorFile } from "../tensors.js";

interface RequestFlags {
  readonly input: string[];
  readonly operator?: string;
  readonly currency?: string;
  readonly lock: bigint;
  readonly pay?: bigint;
  readonly within: number;
  readonly callback?: string;
  readonly callbackGas: number;
}

function dtypeOf(code: number): DType {
  const found = (Object.keys(DTYPE_CODE) as DType[]).find((dtype) => DTYPE_CODE[dtype] === code);
  if (found === undefined) throw new TouchstoneError("DTYPE_UNKNOWN", `The registry names dtype ${code}.`);
  return found;
}

async function knownJob(suite: Suite, jobId: string): Promise<JobClaim> {
  const found = await fetchClaim(suite, jobId);
  if (found !== undefined) return found;
  throw new TouchstoneError("JOB_UNKNOWN", `Job ${jobId} was never requested on this deployment.`, {
    next: "Check the id and TOUCHSTONE_DEPLOYMENT.",
  });
}

export function jobCommands(program: Command, context: () => Context): void {
  const job = program.command("job").description("ask operators for answers on-chain");

  job
    .command("request")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("ask an operator to run a model")
    .option("--operator <address>", "who shall answer (default: an operator is drawn)", address)
    .option("--input <file.pb>", "an input as ONNX TensorProto, one for each model input in order", collect, [])
    .requiredOption("--lock <tokens>", "stake behind the answer", amount)
    .option("--pay <amount>", "most to pay (default: the operator's price); the fee where one is drawn", amount)
    .option("--currency <token>", "token to pay in (default: the operator's, or native coin)", address)
    .option("--within <time>", "time to answer", duration, 600)
    .option("--callback <contract>", "contract that is told the final answer", address)
    .option("--callback-gas <n>", "gas for telling it, paid at twice the base fee", integer, 200_000)
    .addHelpText(
      "after",
      "\nExample:\n  npx touchstone job request 0x12..ef --operator 0xab..cd --input seven.pb --lock 50",
    )
    .action(async (text: string, flags: RequestFlags) => {
      const ctx = context();
      const [suite, sender, signer] = [await ctx.suite(), await ctx.sender(), await ctx.signer()];
      const { operator, lock, within, pay, currency, input, callback, callbackGas } = flags;
      const inputs = input.map(readTensorFile);
      const request = {
        ...{ modelId: text, inputs, lock, within },
        ...(operator === undefined ? {} : { operator }),
        ...(currency === undefined ? {} : { currency }),
        ...(pay === undefined ? {} : { pay }),
        ...(callback === undefined ? {} : { callback: { address: callback, gas: callbackGas } }),
      };
      const { jobId, receipt } = await requestJob({ suite, sender, signer }, request);
      ctx.io.result(
        { jobId, gas: receipt.gasUsed, transaction: receipt.hash },
        (r) => `requested job ${r.jobId}, gas ${r.gas}`,
      );
    });

  job
    .command("show")
    .argument("<jobId>", "0x and 64 hex digits", id)
    .description("status and answer of a job")
    .action(async (text: string) => {
      const ctx = context();
      const suite = await ctx.suite();
      const { terms, outputs: bytes } = await knownJob(suite, text);
      const found = await suite.jobs.job(text);
      const specs = await suite.registry.outputs(terms.modelId);
      const outputs = bytes.map((hex, i) => {
        const spec = specs[i];
        const dtype = dtypeOf(Number(spec?.dtype ?? 0));
        return [...tensorFromBytes(fromHex(hex), dtype, [Number(spec?.size ?? 0)]).data].map(String);
      });
      const { operator, deadline, challengeDeadline, undelivered } = found;
      const { consumer, modelId, currency, fee } = terms;
      const status = claimStatusName(Number(found.status));
      const shown = { jobId: text, status, consumer, operator, modelId, currency, fee, deadline, challengeDeadline };
      ctx.io.result({ ...shown, undelivered, outputs }, (r) =>
        table([
          ["job", r.jobId],
          ["status", r.status],
          ["operator", r.operator],
          ["fee", formatEther(r.fee)],
          ["final after", new Date(Number(r.challengeDeadline) * 1_000).toISOString()],
          ...r.outputs.map((values, i) => [`output ${i}`, values.slice(0, 16).join(" ")]),
        ]),
      );
    });

  const simple = (
    name: "draw" | "cancel" | "redraw" | "finalise" | "expire" | "deliver" | "present",
    description: string,
    call: (jobs: IJobEscrow, job: JobClaim) => Promise<ContractTransaction>,
  ): void => {
    job
      .command(name)
      .argument("<jobId>", "0x and 64 hex digits", id)
      .description(description)
      .action(async (text: string) => {
        const ctx = context();
        const [suite, sender] = [await ctx.suite(), await ctx.sender()];
        const { gasUsed } = await sender.send(await call(suite.jobs, await knownJob(suite, text)));
        ctx.io.result({ jobId: text, gas: gasUsed }, (r) => `${name}: done, gas ${r.gas}`);
      });
  };
  const delivered = ({ terms, outputs }: JobClaim): string[] => (terms.callback === ZeroAddress ? [] : [...outputs]);
  simple("draw", "draw the operator of a job whose seed block has passed", (jobs, known) =>
    jobs.draw.populateTransaction(known.terms),
  );
  simple("cancel", "take a job back before its seed block", (jobs, known) =>
    jobs.cancel.populateTransaction(known.terms),
  );
  simple("redraw", "have another operator drawn for a job that was not answered in time", (jobs, known) =>
    jobs.redraw.populateTransaction(known.terms),
  );
  simple("finalise", "pay for an answer whose challenge window has passed, and deliver it", (jobs, known) =>
    jobs.finalise.populateTransaction(known.terms, delivered(known)),
  );
  simple("deliver", "try again to deliver a final answer whose callback failed", (jobs, known) =>
    jobs.deliver.populateTransaction(known.terms, delivered(known)),
  );
  simple("expire", "refund a job that was not answered in time", (jobs, known) =>
    jobs.expire.populateTransaction(known.terms),
  );
  simple("present", "show a job's terms to the contracts, as a challenge needs", (jobs, known) =>
    jobs.present.populateTransaction(known.terms),
  );

  job
    .command("withdraw")
    .description("take refunds and fees credited to this key")
    .addOption(currencyOption("token to take"))
    .action(async ({ currency }: { currency: string }) => {
      const ctx = context();
      const [{ jobs }, sender] = [await ctx.suite(), await ctx.sender()];
      const credit = await jobs.creditOf(currency, sender.address);
      if (credit > 0n) await sender.send(await jobs.withdraw.populateTransaction(currency, sender.address));
      ctx.io.result({ account: sender.address, currency, amount: credit }, () => `withdrew ${formatEther(credit)}`);
    });
}
