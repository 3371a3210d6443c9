import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What stands between a client and a node: it may be silent, refuse, lag or lie. */
export type Mood = "honest" | "silent" | "drips" | "limits" | "closes" | "lags" | "hides-logs" | "forges" | "garbles";

export interface RpcProxy {
  readonly rpcUrl: string;
  mood: Mood;
  /** Connections that are open now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

const LAG = 5n;
const DRIP_MS = 50;
const hex = (n: bigint): string => `0x${n.toString(16)}`;

/** Results as a liar has them: no logs at all, other counts and balances, another time. */
function forged({ method }: Call, result: unknown): unknown {
  if (method === "eth_getTransactionCount" || method === "eth_blockNumber")
    return hex(BigInt(result as string) + 1_000n);
  if (method === "eth_getBalance") return "0x1";
  if (method === "eth_call") return `0x${"0".repeat(64)}`;
  if (method === "eth_getLogs") return [];
  if (method === "eth_getTransactionReceipt") return null;
  if (method === "eth_getBlockByNumber" && result !== null)
    return { ...(result as object), hash: `0x${"ab".repeat(32)}` };
  return result;
}

/** What no node says: words for numbers, and lists in lists, deeper than a stack. */
function garbled({ id, method }: Call): string {
  const depth = 50_000;
  const result = /Number|Count|Gas|gasPrice/.test(method) ? '"what?"' : "[".repeat(depth) + "]".repeat(depth);
  return `{"jsonrpc":"2.0","id":${id},"error":null,"result":${result}}`;
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  async function forward(call: Call): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", ...call });
    const headers = { "content-type": "application/json" };
    return (await fetch(target, { method: "POST", headers, body })).json();
  }

  async function answer(call: Call): Promise<object> {
    const { id, method } = call;
    const said = (await forward(call)) as { result?: unknown };
    if (proxy.mood === "hides-logs" && method === "eth_getLogs") return { jsonrpc: "2.0", id, result: [] };
    if (proxy.mood === "forges" && "result" in said) return { jsonrpc: "2.0", id, result: forged(call, said.result) };
    if (proxy.mood === "lags" && method === "eth_blockNumber") {
      const head = BigInt(said.result as string);
      return { jsonrpc: "2.0", id, result: hex(head > LAG ? head - LAG : 0n) };
    }
    return said;
  }

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      if (proxy.mood === "silent") return;
      if (proxy.mood === "drips") {
        response.writeHead(200, { "content-type": "application/json" });
        const dripping = setInterval(() => response.write(" "), DRIP_MS);
        response.once("close", () => clearInterval(dripping));
        return;
      }
      if (proxy.mood === "closes") return void request.socket.destroy();
      if (proxy.mood === "limits") return void response.writeHead(429, { "retry-after": "1" }).end();
      const calls = JSON.parse(text) as Call | Call[];
      if (proxy.mood === "garbles") return void response.end([calls].flat().map(garbled).join());
      const answers = Array.isArray(calls) ? Promise.all(calls.map(answer)) : answer(calls);
      void answers.then((all) =>
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(all)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: RpcProxy = {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood: "honest",
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
