import { deployHub, PARAMETERS, parametersWith } from "../../support/hub.js";
import { modelContent, provenance } from "../../support/models.js";
import { DAY, PARAMS } from "../../support/protocol.js";
import { SILENT } from "../attempt.js";
import { type EntryPoint, rowsOf } from "../entry-point.js";
import { ADMIN_DELAY, wait, type World } from "../world.js";

const hub = rowsOf("Hub");
const governance = rowsOf("Governance");
const registry = rowsOf("ModelRegistry");

const GUARDIAN = 2;
const SALE = { jobs: { auditShare: 400 } } as const;
const NOTICE = 3 * DAY;

const LATER = { refusal: "AccessManagerUnauthorizedAccount", who: "the admin, after `adminDelay`" } as const;

/** A call of the authority that its admin has scheduled, at the end of the delay. */
const scheduled =
  (name: string, argsOf: (world: World) => readonly unknown[] | Promise<readonly unknown[]>): EntryPoint["scene"] =>
  async (world) => {
    const args = await argsOf(world);
    await schedule(world, name, args);
    await wait(world, ADMIN_DELAY);
    return { args };
  };

async function schedule({ governance: authority, governor }: World, name: string, args: readonly unknown[]) {
  const data = authority.interface.encodeFunctionData(name as "grantRole", args as never);
  await authority.connect(governor).schedule(authority, data, 0);
  return data;
}

const admins = (name: string, argsOf: Parameters<typeof scheduled>[1]) =>
  governance(name, { ...LATER, may: ["governor"], pause: "works", scene: scheduled(name, argsOf) });

export const GOVERNANCE = [
  hub("seal", {
    who: "the sealer, once",
    may: ["deployer"],
    refusal: "NotSealer",
    pause: "works",
    scene: async ({ chain }) => {
      const fresh = await deployHub(chain);
      const manager = await chain.ethers.deployContract("ToyManager", [fresh, PARAMS.inclusionDelay, 0]);
      const source = await chain.ethers.deployContract("ToySource", [manager]);
      return {
        target: await fresh.getAddress(),
        args: [await manager.getAddress(), [await source.getAddress()], []],
      };
    },
  }),
  hub("addCurrency", {
    who: "the governor",
    may: ["governor"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: async ({ token }) => ({ args: [await token.getAddress()] }),
  }),
  hub("proposeParameters", {
    who: "the governor",
    may: ["governor"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: () => ({ args: [parametersWith(SALE)] }),
  }),
  hub("cancelProposal", {
    who: "the guardian",
    may: ["guardian"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: async ({ hub: deployed, governor }) => {
      await deployed.connect(governor).proposeParameters(parametersWith(SALE));
      return { args: [] };
    },
  }),
  hub("applyParameters", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "from unbonding and 3 days after the announcement",
    scene: async ({ chain, hub: deployed, governor }) => {
      await deployed.connect(governor).proposeParameters(parametersWith(SALE));
      const at = (await chain.networkHelpers.time.latest()) + PARAMETERS.staking.unbonding + NOTICE;
      return { args: [parametersWith(SALE)], edge: { at, kind: "from", error: "NotYetEffective" } };
    },
  }),
  hub("pause", {
    who: "the guardian",
    may: ["guardian"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    deadline: "from 30 days after the last pause",
    scene: async ({ chain, hub: deployed, guardian }) => {
      await deployed.connect(guardian).pause();
      await deployed.connect(guardian).unpause();
      const at = (await chain.networkHelpers.time.latest()) + 30 * DAY;
      return { args: [], edge: { at, kind: "from", error: "PauseTooSoon" } };
    },
  }),
  hub("unpause", {
    who: "the guardian",
    may: ["guardian"],
    refusal: "AccessManagedUnauthorized",
    pause: "only",
    scene: () => ({ args: [] }),
  }),
  hub("setAuthority", {
    who: "the authority, for its admin after `adminDelay`",
    may: ["Governance"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.OperatorStaking] }),
  }),

  governance("handOver", {
    who: "the deployer, once",
    may: ["deployer"],
    refusal: "CannotHandOver",
    pause: "works",
    scene: async ({ chain, hub: deployed, registry: models, addresses }) => {
      const fresh = await chain.ethers.deployContract("Governance", [chain.deployer]);
      const { governor, guardian } = addresses;
      const seats = { governor, guardian, adminDelay: ADMIN_DELAY, emergencyDelay: 0 };
      return {
        target: await fresh.getAddress(),
        args: [await deployed.getAddress(), await models.getAddress(), seats],
      };
    },
  }),
  admins("grantRole", ({ addresses }) => [GUARDIAN, addresses.stranger, 0]),
  admins("revokeRole", ({ addresses }) => [GUARDIAN, addresses.guardian]),
  admins("labelRole", () => [GUARDIAN, "guardian"]),
  admins("setRoleAdmin", () => [GUARDIAN, GUARDIAN]),
  admins("setRoleGuardian", () => [GUARDIAN, GUARDIAN]),
  admins("setGrantDelay", () => [GUARDIAN, DAY]),
  admins("setTargetFunctionRole", ({ addresses }) => [addresses.JobEscrow, ["0x12345678"], GUARDIAN]),
  admins("setTargetAdminDelay", ({ addresses }) => [addresses.JobEscrow, DAY]),
  admins("setTargetClosed", async ({ hub: deployed }) => [await deployed.getAddress(), true]),
  admins("updateAuthority", async ({ hub: deployed, addresses }) => [
    await deployed.getAddress(),
    addresses.OperatorStaking,
  ]),
  governance("renounceRole", {
    who: "anybody, for its own roles",
    may: ["guardian"],
    refusal: "AccessManagerBadConfirmation",
    pause: "works",
    scene: ({ addresses }) => ({ args: [GUARDIAN, addresses.guardian] }),
  }),
  governance("schedule", {
    who: "who may make the call after a delay: the admin",
    may: ["governor"],
    refusal: "AccessManagerUnauthorizedCall",
    pause: "works",
    scene: async ({ governance: authority, addresses }) => ({
      args: [
        await authority.getAddress(),
        authority.interface.encodeFunctionData("grantRole", [GUARDIAN, addresses.stranger, 0]),
        0,
      ],
    }),
  }),
  governance("execute", {
    who: "who may make the call, after its delay",
    may: ["governor"],
    refusal: "AccessManagerUnauthorizedCall",
    pause: "works",
    deadline: "from the end of `adminDelay`",
    scene: async (world) => {
      const data = await schedule(world, "grantRole", [GUARDIAN, world.addresses.stranger, 0]);
      const at = (await world.chain.networkHelpers.time.latest()) + ADMIN_DELAY;
      return {
        args: [world.addresses.Governance, data],
        edge: { at, kind: "from", error: "AccessManagerNotReady" },
      };
    },
  }),
  governance("cancel", {
    who: "who scheduled the call, and the admin",
    may: ["governor"],
    refusal: "AccessManagerUnauthorizedCancel",
    pause: "works",
    scene: async (world) => {
      const data = await schedule(world, "grantRole", [GUARDIAN, world.addresses.stranger, 0]);
      return { args: [world.addresses.governor, world.addresses.Governance, data] };
    },
  }),
  governance("consumeScheduledOp", {
    who: "contracts under the authority, while a scheduled call runs: nobody by itself",
    may: [],
    never: true,
    // Callers are asked whether they consume, and have no answer.
    refusal: SILENT,
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.governor, "0x12345678"] }),
  }),
  governance("multicall", {
    who: "anybody; each call is judged as if it came alone",
    may: "anybody",
    pause: "works",
    scene: () => ({ args: [[]] }),
  }),

  registry("register", {
    who: "anybody, with the deposit",
    may: "anybody",
    pause: "works",
    scene: ({ addresses }) => ({
      args: [modelContent(), provenance(), 0],
      value: PARAMS.deposit,
      by: addresses.stranger,
    }),
  }),
  registry("deprecate", {
    who: "the publisher",
    may: ["publisher"],
    refusal: "NotPublisher",
    pause: "works",
    scene: ({ modelId }) => ({ args: [modelId] }),
  }),
  registry("announceRoyalty", {
    who: "the publisher",
    may: ["publisher"],
    refusal: "NotPublisher",
    pause: "works",
    scene: ({ modelId }) => ({ args: [modelId, 100] }),
  }),
  registry("retireFormat", {
    who: "the governor",
    may: ["governor"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: () => ({ args: [1] }),
  }),
  registry("withdrawDeposit", {
    who: "the publisher",
    may: ["publisher"],
    refusal: "NotPublisher",
    pause: "stands",
    deadline: "from 7 days after deprecation, as deployed",
    scene: async ({ chain, registry: models, modelId, addresses }) => {
      await models.connect(chain.publisher).deprecate(modelId);
      const at = (await chain.networkHelpers.time.latest()) + PARAMS.depositDelay;
      return { args: [modelId, addresses.stranger], edge: { at, kind: "from", error: "DepositLocked" } };
    },
  }),
  registry("setAuthority", {
    who: "the authority, for its admin after `adminDelay`",
    may: ["Governance"],
    refusal: "AccessManagedUnauthorized",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.OperatorStaking] }),
  }),
];
