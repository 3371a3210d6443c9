import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { type TransactionLike, Wallet } from "ethers";

/** How a signer behaves: like the common ones, or badly. */
export type Manner = "plain" | "wrapped" | "other key" | "other transaction" | "no typed data" | "refuses";

/** A signing program over HTTP, with real keys. */
export async function startSigner(keys: readonly Wallet[], manner: Manner): Promise<{ url: string; server: Server }> {
  const stranger = Wallet.createRandom();
  async function answer(method: string, params: unknown[]): Promise<unknown> {
    if (method === "eth_accounts") return keys.map(({ address }) => address.toLowerCase());
    if (manner === "refuses") throw new Error("denied by the user");
    if (method === "eth_signTransaction") {
      const { from, gas, ...rest } = params[0] as Record<string, string>;
      const asked = { ...rest, gasLimit: gas, type: rest["gasPrice"] === undefined ? 2 : 0 } as TransactionLike;
      if (manner === "other transaction") asked.value = 7n;
      const key = keys.find(({ address }) => address === from);
      const raw = await (manner === "other key" ? stranger : key!).signTransaction(asked);
      return manner === "wrapped" ? { raw, tx: {} } : raw;
    }
    if (method === "eth_signTypedData" || (method === "eth_signTypedData_v4" && manner === "plain")) {
      const { domain, types, message } = JSON.parse(String(params[1])) as {
        domain: object;
        types: Record<string, { name: string; type: string }[]>;
        message: Record<string, unknown>;
      };
      const { EIP712Domain: _, ...own } = types;
      return keys.find(({ address }) => address === params[0])!.signTypedData(domain, own, message);
    }
    throw Object.assign(new Error("no such method"), { code: -32_601 });
  }
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      answer(method, params).then(
        (result) => response.end(JSON.stringify({ jsonrpc: "2.0", id, result })),
        (thrown: unknown) => {
          const { code = -32_000, message } = thrown as Error & { code?: number };
          response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
