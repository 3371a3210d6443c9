import { existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Command, Option } from "commander";
import { formatEther, formatUnits } from "ethers";

import { deploymentPath, readDeployment } from "../../chain/deployment.js";
import { chainIdOf, createProvider } from "../../chain/suite.js";
import { createArtifacts } from "../../deploy/artifacts.js";
import type { Finding } from "../../deploy/check.js";
import {
  checkGoal,
  deploySuite,
  journalName,
  placedIn,
  planFor,
  type Goal,
  type Plan,
  type Tools,
} from "../../deploy/goal.js";
import { type DeploymentNetwork, networkOf, NETWORKS } from "../../deploy/networks.js";
import { createNode } from "../../deploy/node.js";
import { type Parameters, parametersFor, readParameterFile } from "../../deploy/parameters.js";
import { retireSuite } from "../../deploy/retire.js";
import { payloadsOf, writePayloads } from "../../deploy/verification.js";
import { TouchstoneError } from "../../errors.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { address } from "../parse.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

interface DeployFlags {
  readonly network?: string;
  readonly parameters?: string;
  readonly governor?: string;
  readonly guardian?: string;
  readonly dryRun?: boolean;
}

/** @throws TouchstoneError `NETWORK_UNKNOWN`, `NETWORK_FOREIGN`. */
function networkFor(chainId: number, name: string | undefined): DeploymentNetwork {
  const known = networkOf(chainId);
  const named = name === undefined ? known : NETWORKS.find((network) => network.name === name);
  if (named === undefined) {
    throw new TouchstoneError("NETWORK_UNKNOWN", `No parameters are kept for chain ${chainId}.`, {
      next: `Name a network that is like it with --network: ${NETWORKS.map((network) => network.name).join(", ")}.`,
    });
  }
  if (known !== undefined && known !== named) {
    throw new TouchstoneError("NETWORK_FOREIGN", `The node is on ${known.name}, not on ${named.name}.`, {
      next: "Check TOUCHSTONE_RPC_URL.",
    });
  }
  return { ...named, chainId };
}

/** What every command about a deployment works with. */
async function prepare(ctx: Context, flags: DeployFlags): Promise<{ tools: Tools; goal: Goal }> {
  const { rpcUrl, home, deployment } = ctx.settings;
  const chainId = await chainIdOf(rpcUrl);
  const network = networkFor(chainId, flags.network);
  const provider = createProvider(rpcUrl);
  const wallet = await ctx.wallet();
  const own: Parameters = {
    ...(flags.parameters === undefined ? {} : readParameterFile(flags.parameters)),
    ...(flags.governor === undefined ? {} : { governor: flags.governor }),
    ...(flags.guardian === undefined ? {} : { guardian: flags.guardian }),
  };
  const book = deployment ?? deploymentPath(home, chainId);
  return {
    tools: {
      provider,
      node: createNode(rpcUrl, chainId, wallet),
      deployer: wallet.address,
      artifacts: createArtifacts(join(ROOT, "artifacts")),
      onProgress: (text) => ctx.io.progress(text),
    },
    goal: {
      network,
      parameters: parametersFor(network, join(ROOT, "deploy/parameters"), own),
      book,
      journal: join(dirname(book), await journalName(provider, chainId)),
    },
  };
}

const coins = (wei: bigint): string => `${formatEther(wei)} coins`;

function renderPlan({ network, parameters }: Goal, deployer: string, { steps, done, funding }: Plan): string {
  const { gas, gasPrice, dataFee, total, balance } = funding;
  const rows = [
    ["network", `${network.name}, chain ${network.chainId}`],
    ["deployer", deployer],
    ["transactions", `${steps.length} to send, ${done} done`],
    ["gas", `${gas} at most, at ${formatUnits(gasPrice, "gwei")} gwei`],
    ["data fee", coins(dataFee)],
    ["needs", coins(total)],
    ["has", `${coins(balance)}${balance < total ? ": too little" : ""}`],
  ];
  return [
    table(rows),
    "",
    table(steps.map(({ id, gas: most }) => [`  ${id}`, `${most} gas`])),
    "",
    table(Object.entries(parameters).map(([name, value]) => [`  ${name}`, String(value)])),
  ].join("\n");
}

const renderFindings = (findings: readonly Finding[]): string =>
  table(findings.map(({ what, ok, found = "" }) => [ok ? "ok" : "FAIL", what, found]));

export function deployCommands(program: Command, context: () => Context): void {
  const deploy = program
    .command("deploy")
    .description(
      "deploy the suite, or go on with it: sends what is missing, reads everything back, writes the address book",
    )
    .addOption(
      new Option("--network <name>", "whose parameters to take (default: those of the node's chain)").choices(
        NETWORKS.map(({ name }) => name),
      ),
    )
    .option("--parameters <file>", "own parameters, in the format of deploy/parameters/")
    .option("--governor <address>", "who governs: a multisig (default: the deployer)", address)
    .option("--guardian <address>", "who may pause (default: the deployer)", address)
    .option("--dry-run", "show what would be sent and what it costs at most; send nothing")
    .addHelpText(
      "after",
      "\nExample:\n  TOUCHSTONE_RPC_URL=http://127.0.0.1:8545 TOUCHSTONE_KEYSTORE=deployer.json npx touchstone deploy --dry-run",
    )
    .action(async (flags: DeployFlags) => {
      const ctx = context();
      const { tools, goal } = await prepare(ctx, flags);
      if (flags.dryRun === true) {
        const plan = await planFor(tools, goal);
        ctx.io.result({ ...plan, deployer: tools.deployer, parameters: goal.parameters }, () =>
          renderPlan(goal, tools.deployer, plan),
        );
        return;
      }
      const { contracts, findings } = await deploySuite(tools, goal);
      const { network, book } = goal;
      ctx.io.result({ chainId: network.chainId, addressBook: book, contracts, checked: findings.length }, (r) =>
        [table(Object.entries(r.contracts)), "", `read back ${r.checked} things; address book: ${book}`].join("\n"),
      );
    });

  deploy
    .command("check")
    .description(
      "read a deployment back from the chain: code, wiring, parameters, roles; exit code 1 if anything differs",
    )
    .action(async (_flags: object, command: Command) => {
      const ctx = context();
      const { tools, goal } = await prepare(ctx, command.optsWithGlobals<DeployFlags>());
      const findings = await checkGoal(tools, goal);
      const [placed, book] = [
        await placedIn(goal.journal, tools.artifacts),
        readDeployment(goal.book, goal.network.chainId),
      ];
      const listed = placed.some(({ name, address: at }) => name === "hub" && at === book.hub);
      findings.push({ what: "the address book is of this deployment", ok: listed });
      const failed = findings.filter(({ ok }) => !ok).length;
      if (failed > 0) process.exitCode = 1;
      ctx.io.result({ checked: findings.length, failed, findings }, () => renderFindings(findings));
    });

  deploy
    .command("verify")
    .argument("<folder>", "where the payloads go")
    .description("write what Etherscan, Blockscout and Sourcify need to publish the sources, one file a contract")
    .action(async (folder: string, _flags: object, command: Command) => {
      const ctx = context();
      const { tools, goal } = await prepare(ctx, command.optsWithGlobals<DeployFlags>());
      const placed = await placedIn(goal.journal, tools.artifacts);
      const payloads = await payloadsOf({ ...goal, artifacts: tools.artifacts, placed, chainId: goal.network.chainId });
      writePayloads(folder, payloads);
      ctx.io.result({ folder, contracts: payloads.map(({ contract }) => contract) }, (r) =>
        [`${r.contracts.length} contracts in ${folder}:`, ...r.contracts.map((name) => `  ${name}`)].join("\n"),
      );
    });

  deploy
    .command("retire")
    .description("refuse new models on this deployment for ever and put its address book aside (governor's key)")
    .action(async () => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { formats } = await retireSuite(suite, sender);
      const book = await ctx.deploymentFile();
      const aside = [book, join(dirname(book), await journalName(suite.provider, suite.deployment.chainId))];
      for (const path of aside) if (existsSync(path)) renameSync(path, `${path}.retired-${suite.deployment.hub}`);
      ctx.io.result({ formats, addressBook: `${book}.retired-${suite.deployment.hub}` }, (r) =>
        [
          `formats ${r.formats.join(", ")} take no new models; open claims run to their end`,
          `address book: ${r.addressBook}`,
        ].join("\n"),
      );
    });
}
