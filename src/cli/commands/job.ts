import type { Command } from "commander";
import { formatEther } from "ethers";

import { fromHex, tensorFromBytes } from "../../audit/bytes.js";
import { DTYPE_CODE, type DType } from "../../audit/graph.js";
import { requestJob } from "../../client/request.js";
import { claimStatusName } from "../../dispute/protocol.js";
import { TouchstoneError } from "../../errors.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { address, amount, collect, duration, id } from "../parse.js";
import { readTensorFile } from "../tensors.js";

interface RequestFlags {
  readonly input: string[];
  readonly operator: string;
  readonly lock: bigint;
  readonly pay?: bigint;
  readonly within: number;
}

function dtypeOf(code: number): DType {
  const found = (Object.keys(DTYPE_CODE) as DType[]).find((dtype) => DTYPE_CODE[dtype] === code);
  if (found === undefined) throw new TouchstoneError("DTYPE_UNKNOWN", `The registry names dtype ${code}.`);
  return found;
}

export function jobCommands(program: Command, context: () => Context): void {
  const job = program.command("job").description("ask operators for answers on-chain");

  job
    .command("request")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("ask an operator to run a model")
    .requiredOption("--operator <address>", "who shall answer", address)
    .requiredOption("--input <file.pb>", "an input as ONNX TensorProto, one for each model input in order", collect, [])
    .requiredOption("--lock <tokens>", "stake behind the answer", amount)
    .option("--pay <coins>", "most to pay (default: the operator's price)", amount)
    .option("--within <time>", "time to answer", duration, 600)
    .addHelpText(
      "after",
      "\nExample:\n  npx touchstone job request 0x12..ef --operator 0xab..cd --input seven.pb --lock 50",
    )
    .action(async (text: string, flags: RequestFlags) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { operator, lock, within, pay, input } = flags;
      const inputs = input.map(readTensorFile);
      const request = { modelId: text, operator, inputs, lock, within, ...(pay === undefined ? {} : { pay }) };
      const { jobId, receipt } = await requestJob({ suite, sender }, request);
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
      const { jobs, registry, provider, deployment, abi } = await ctx.suite();
      const jobId = text;
      const found = await jobs.job(jobId);
      const logs = await provider.getLogs({
        address: deployment.jobs,
        topics: [jobs.interface.getEvent("JobAnswered").topicHash, jobId],
        fromBlock: deployment.block,
      });
      const answer = logs[0] && abi.parseLog(logs[0]);
      const specs = answer ? await registry.outputs(found.modelId) : [];
      const bytes = answer ? (answer.args.getValue("outputs") as string[]) : [];
      const outputs = bytes.map((hex, i) => {
        const spec = specs[i];
        const dtype = dtypeOf(Number(spec?.dtype ?? 0));
        return [...tensorFromBytes(fromHex(hex), dtype, [Number(spec?.size ?? 0)]).data].map(String);
      });
      const { consumer, operator, modelId, fee, deadline, challengeDeadline } = found;
      const status = claimStatusName(Number(found.status));
      ctx.io.result({ jobId, status, consumer, operator, modelId, fee, deadline, challengeDeadline, outputs }, (r) =>
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

  const simple = (name: "finalise" | "expire", description: string): void => {
    job
      .command(name)
      .argument("<jobId>", "0x and 64 hex digits", id)
      .description(description)
      .action(async (text: string) => {
        const ctx = context();
        const [{ jobs }, sender] = [await ctx.suite(), await ctx.sender()];
        const { gasUsed } = await sender.send(await jobs[name].populateTransaction(text));
        ctx.io.result({ jobId: text, gas: gasUsed }, (r) => `${name}d, gas ${r.gas}`);
      });
  };
  simple("finalise", "pay the operator of an answer whose challenge window has passed");
  simple("expire", "refund a job that was not answered in time");

  job
    .command("withdraw")
    .description("take refunds and fees credited to this key")
    .action(async () => {
      const ctx = context();
      const [{ jobs }, sender] = [await ctx.suite(), await ctx.sender()];
      const credit = await jobs.creditOf(sender.address);
      if (credit > 0n) await sender.send(await jobs.withdraw.populateTransaction(sender.address));
      ctx.io.result({ account: sender.address, amount: credit }, () => `withdrew ${formatEther(credit)}`);
    });
}
