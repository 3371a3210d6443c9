/**
 * Entry point of one dishonest process: an operator that answers wrongly, a challenger that accuses falsely, or an auditor that
 * does not work. Keys, node and deployment come from the environment, as for honest roles; state is in SQLite, log lines are
 * JSON on standard output.
 */
import { join } from "node:path";

import { Command, Option } from "commander";
import { parseEther, ZeroAddress } from "ethers";

import { createAuditor } from "../auditor/auditor.js";
import { deploymentPath, readDeployment } from "../chain/deployment.js";
import { loadKey } from "../chain/keys.js";
import { runRole, untilStopped, type RoleOptions } from "../chain/role.js";
import { createSender, type Sender } from "../chain/sender.js";
import { chainIdOf, connectSuite, createProvider, type Suite } from "../chain/suite.js";
import { readSettings } from "../config/settings.js";
import { createInlineSink } from "../audit/roots.js";
import { createEvidencer, type Evidencer } from "../dispute/evidence.js";
import { createGuard } from "../dispute/guard.js";
import type { SaltKey } from "../dispute/make-accusation.js";
import { serveBeside } from "../http/server.js";
import { createLogger } from "../log.js";
import { createCatalogue, type Catalogue } from "../models/catalogue.js";
import { createModelFiles } from "../models/files.js";
import { keyElsewhere, type ReceiptKey } from "../receipts/keys.js";
import { openState, type State } from "../store/state.js";
import { createEndpoint } from "../worker/endpoint.js";
import { createInferService } from "../worker/infer.js";
import { createChainView } from "../worker/view.js";
import { createWorker, type Answerer } from "../worker/worker.js";
import { dishonestAnswerer, FRAUDS, type Fraud } from "./frauds/frauds.js";
import { createLiar } from "./liar.js";
import { createLazyEvidencer } from "./lies/lazy.js";
import { LIES, type LieName } from "./lies/lies.js";

interface Flags {
  readonly state: string;
  readonly poll: number;
  readonly seed: number;
}

interface OperatorFlags extends Flags {
  readonly fraud: Fraud;
  readonly factors: string;
  readonly listen?: string;
  readonly serve?: string;
}

interface Tools {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly evidencer: Evidencer;
  readonly signer: SaltKey;
  readonly key: ReceiptKey;
  readonly signal: AbortSignal;
  readonly log: ReturnType<typeof createLogger>;
}

type Role = Pick<RoleOptions, "pass">;

async function run(role: string, flags: Flags, create: (tools: Tools) => Role | Promise<Role>): Promise<void> {
  const settings = readSettings();
  const log = createLogger(role, settings.logLevel);
  const provider = createProvider(settings.rpcUrl);
  const chainId = await chainIdOf(settings.rpcUrl);
  const book = settings.deployment ?? deploymentPath(settings.home, chainId);
  const suite = connectSuite(provider, readDeployment(book, chainId));
  const signer = (await loadKey(settings.key)).connect(provider);
  const sender = createSender({ provider, signer, errors: suite.abi });
  const catalogue = createCatalogue(suite, createModelFiles(join(settings.home, "models")));
  const state = openState(flags.state);
  const evidencer = createEvidencer(catalogue, createInlineSink());
  const signal = untilStopped();
  const { pass } = await create({
    suite,
    sender,
    state,
    catalogue,
    evidencer,
    signer,
    key: keyElsewhere(signer),
    signal,
    log,
  });
  log.info({ event: "started", address: sender.address }, `${role} started`);
  await runRole({ pass, log, pollMs: flags.poll, signal });
  state.close();
}

function withFlags(command: Command): Command {
  return command
    .requiredOption("--state <file>", "state file")
    .option("--poll <ms>", "pause between looks at the chain", Number, 200)
    .option("--seed <n>", "seed of random choices", Number, 1);
}

/** Sells the same dishonest answers by receipt. */
async function sell(
  { listen, serve = "" }: OperatorFlags,
  parts: Tools & { readonly answer: Answerer; readonly operator: string },
): Promise<void> {
  const [host = "", port] = listen?.split(":") ?? [];
  const [modelId = "", price = "0"] = serve.split("=");
  const { log, signal } = parts;
  const service = {
    prices: new Map([[modelId, parseEther(price)]]),
    currency: ZeroAddress,
    lock: parseEther("50"),
    minDeposit: parseEther("0.001"),
    duration: 7 * 86_400,
    concurrency: 16,
  };
  const http = { bodyLimit: 16 * 1024 * 1024, timeoutMs: 30_000, log };
  const at = listen === undefined ? undefined : { host, port: Number(port) };
  await serveBeside(
    createEndpoint(
      createInferService({
        ...parts,
        worker: parts.sender.address,
        view: createChainView(parts.suite, parts.operator),
        service,
      }),
      http,
    ),
    { at, log, signal },
  );
}

const program = new Command("dishonest");

withFlags(program.command("operator"))
  .addOption(new Option("--fraud <name>").choices(Object.keys(FRAUDS)).makeOptionMandatory())
  .option("--factors <list>", "multiples of the tolerance, for deviating", "1.01")
  .option("--listen <host:port>", "sell answers by HTTP here")
  .option("--serve <modelId=price>", "with --listen: what to sell")
  .action(async (flags: OperatorFlags) => {
    await run(`operator (${flags.fraud})`, flags, async (tools) => {
      const operator = await tools.suite.profiles.operatorOf(tools.sender.address);
      const runtime = { engine: "native", provider: "cpu", threads: 1, optimisation: "all" } as const;
      const factors = flags.factors.split(",").map(Number);
      const answer = dishonestAnswerer(flags.fraud, { ...tools, runtime, seed: flags.seed, factors });
      await sell(flags, { ...tools, answer, operator });
      return createWorker({ ...tools, answer, operator, guard: createGuard(tools), collectFrom: 0n });
    });
  });

withFlags(program.command("challenger"))
  .addOption(new Option("--lie <name>").choices(Object.keys(LIES)).makeOptionMandatory())
  .requiredOption("--claim <id>", "the claim to accuse")
  .action(async (flags: Flags & { readonly lie: LieName; readonly claim: string }) => {
    await run(`challenger (${flags.lie})`, flags, (tools) =>
      createLiar({ ...tools, lie: LIES[flags.lie].lie, claimId: flags.claim, seed: flags.seed }),
    );
  });

withFlags(program.command("auditor")).action(async (flags: Flags) => {
  await run("auditor (lazy)", flags, (tools) => {
    const evidencer = createLazyEvidencer(tools.evidencer, flags.seed);
    return createAuditor({ ...tools, evidencer, auditor: tools.sender.address, guard: createGuard(tools) });
  });
});

await program.parseAsync();
process.exit(0);
