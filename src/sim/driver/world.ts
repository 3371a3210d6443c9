import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { JsonRpcProvider } from "ethers";
import { Wallet } from "ethers";

import { createSender, type Sender } from "../../chain/sender.js";
import { connectSuite, type Suite } from "../../chain/suite.js";
import { createModelFiles, type ModelFiles } from "../../models/files.js";
import { createActors, type Actor, type Actors } from "./actors.js";
import type { Children } from "./children.js";
import { createClock, type Clock } from "./clock.js";
import { deploySuite } from "./deploy.js";
import { createLedger, type Ledger } from "./ledger.js";
import { startLocalChain, type LocalChain } from "./local-chain.js";
import { CLI } from "./processes.js";
import { createObserver, type Step } from "./observer.js";
import { startRole, type LogLine, type RoleProcess } from "./role-process.js";

export interface RoleStart {
  /** Name of its log, e.g. `worker ada`. */
  readonly name: string;
  /** The key it acts with. */
  readonly actor: Actor;
  /** Script and arguments; the state file is added. */
  readonly args: readonly string[];
  /** Beside those that every role has. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onEvent?: (line: LogLine) => void;
}

/** A local chain with the suite on it, and all processes that live there. */
export interface World {
  readonly provider: JsonRpcProvider;
  readonly rpcUrl: string;
  readonly suite: Suite;
  readonly actors: Actors;
  readonly files: ModelFiles;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Chain time of the deployment. */
  readonly startedAt: number;
  /** What an account has paid for gas so far, in wei. */
  gasPaidBy(address: string): bigint;
  /** Whether an honest role acts with this key. */
  isHonestKey(address: string): boolean;
  signer(actor: Actor): Wallet;
  sender(actor: Actor): Sender;
  startRole(start: RoleStart): RoleProcess;
  roles(): readonly RoleProcess[];
}

export interface WorldOptions {
  readonly children: Children;
  /** Folder for models, states and the address book. */
  readonly home: string;
  readonly seed: number;
  readonly pollMs: number;
  /** Told the world as soon as it stands, before the first step. */
  readonly onWorld: (world: World) => void;
  /** A chain that runs already; default: one of its own. */
  readonly chain?: LocalChain;
  /** Endpoints of the chain for honest roles; default: the chain's own. */
  readonly endpoints?: readonly string[];
  /** See `createClock`. */
  readonly patienceMs?: number;
  readonly disturb?: (world: World) => Promise<void>;
  /** Whether honest roles that end by themselves are started again, as a service manager would. */
  readonly supervise?: boolean;
  /** Sees every transaction in order, deployment included; again where a reorganisation took it back. */
  readonly onStep: (step: Step) => void;
}

/** Starts the chain and deploys. Roles are the caller's to start. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { children, home, seed, pollMs, onWorld, onStep } = options;
  mkdirSync(home, { recursive: true });
  const chain = options.chain ?? (await startLocalChain(children));
  const { provider, rpcUrl } = chain;
  const book = join(home, "deployment.json");
  const suite = connectSuite(provider, await deploySuite(children, chain, book));
  const roles: RoleProcess[] = [];
  const senders = new Map<string, Sender>();
  const observer = createObserver(suite, 1);
  const ledger = createLedger(suite);
  const gasPaid = new Map<string, bigint>();
  const honestKeys = new Set<string>();
  const onBlocks = async (): Promise<void> => {
    const { undone, steps } = await observer.next();
    const pay = ({ from, fee }: Step, sign: bigint): void =>
      void gasPaid.set(from, (gasPaid.get(from) ?? 0n) + sign * fee);
    for (const step of undone) pay(step, -1n);
    for (const step of steps) {
      pay(step, 1n);
      onStep(step);
    }
  };
  const world: World = {
    provider,
    rpcUrl,
    suite,
    actors: createActors(provider, seed),
    files: createModelFiles(join(home, "models")),
    ledger,
    clock: createClock({
      provider,
      roles: () => roles,
      deadlines: (now) => ledger.deadlines(now),
      onBlocks,
      patienceMs: options.patienceMs,
      disturb: async () => options.disturb?.(world),
    }),
    startedAt: (await provider.getBlock("latest"))?.timestamp ?? 0,
    gasPaidBy: (address) => gasPaid.get(address) ?? 0n,
    isHonestKey: (address) => honestKeys.has(address),
    signer: ({ privateKey }) => new Wallet(privateKey, provider),
    sender: (actor) => {
      const { address } = actor;
      const known = senders.get(address);
      if (known !== undefined) return known;
      const sender = createSender({ provider, signer: world.signer(actor), errors: suite.abi });
      senders.set(address, sender);
      return sender;
    },
    startRole: ({ name, actor, args, settings, onEvent }) => {
      const isHonest = args[0] === CLI;
      if (isHonest) honestKeys.add(actor.address);
      const [first = rpcUrl, ...others] = isHonest ? (options.endpoints ?? []) : [];
      const role = startRole(children, {
        ...{ name, isHonest, supervised: isHonest && options.supervise === true },
        args: [
          ...args,
          "--state",
          join(home, "state", `${name.replaceAll(" ", "-")}.sqlite`),
          "--poll",
          String(pollMs),
        ],
        settings: {
          TOUCHSTONE_HOME: home,
          TOUCHSTONE_RPC_URL: first,
          ...(others.length === 0 ? {} : { TOUCHSTONE_RPC_OTHERS: others.join(",") }),
          TOUCHSTONE_DEPLOYMENT: book,
          TOUCHSTONE_PRIVATE_KEY: actor.privateKey,
          ...settings,
        },
        ...(onEvent === undefined ? {} : { onEvent }),
      });
      roles.push(role);
      return role;
    },
    roles: () => roles,
  };
  onWorld(world);
  await onBlocks();
  return world;
}
