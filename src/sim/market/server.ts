import { formatEther, parseEther } from "ethers";

import type { Operator } from "../driver/operators.js";
import type { RoleProcess } from "../driver/role-process.js";
import type { RoleStart, World } from "../driver/world.js";

/** Stake that an operator's reservations may hold together. */
const CAP = parseEther("500");

/** What a worker needs beside its usual arguments to sell a model's answers by HTTP. */
export const serveArgs = (modelId: string, price: bigint): string[] => ["--serve", `${modelId}=${formatEther(price)}`];

/** The owner allows its worker's key to reserve stake for payers. */
export async function allowReservations(world: World, { owner }: Operator): Promise<void> {
  const { receipts } = world.suite;
  await world.sender(owner).send(await receipts.setReservationCap.populateTransaction(CAP));
}

/**
 * Starts a role that also serves HTTP, on a free port, and waits until it listens.
 * @throws TouchstoneError `ROLE_ENDED` when it ends before it does.
 */
export async function startServer(world: World, start: RoleStart): Promise<{ role: RoleProcess; endpoint: URL }> {
  const role = world.startRole({ ...start, args: [...start.args, "--listen", "127.0.0.1:0"] });
  const { at } = await role.says("listening");
  return { role, endpoint: new URL(String(at)) };
}
