import { createServer } from "node:net";

import type { JsonRpcProvider } from "ethers";

import { createProvider } from "../../chain/suite.js";
import { TouchstoneError } from "../../errors.js";
import type { Children } from "./children.js";
import { createPatience } from "./patience.js";

export interface LocalChain {
  readonly rpcUrl: string;
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
}

const START_MS = 60_000;

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a chain of its own on a free port: a process, as roles would meet it in the world.
 * @throws TouchstoneError `CHAIN_NOT_STARTED`.
 */
export async function startLocalChain(children: Children): Promise<LocalChain> {
  const port = await freePort();
  const rpcUrl = `http://127.0.0.1:${port}`;
  const node = children.start({
    name: "chain",
    args: ["node_modules/hardhat/dist/src/cli.js", "node", "--hostname", "127.0.0.1", "--port", String(port)],
    settings: {},
    stopsLast: true,
  });
  const patience = createPatience(START_MS);
  while (node.isRunning() && !patience.isOver()) {
    const chainId = await chainIdAt(rpcUrl);
    if (chainId !== undefined) return { rpcUrl, provider: createProvider(rpcUrl), chainId };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new TouchstoneError("CHAIN_NOT_STARTED", "The local chain did not start.", {
    next: `${node.log} says why.`,
  });
}

async function chainIdAt(rpcUrl: string): Promise<number | undefined> {
  try {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    });
    const { result } = (await response.json()) as { result?: string };
    return result === undefined ? undefined : Number(BigInt(result));
  } catch {
    // Not listening yet.
    return undefined;
  }
}
