import type { EIP1193Provider } from "@nomicfoundation/ignition-core";
import { FetchRequest, Transaction, type TransactionLike } from "ethers";

import { TouchstoneError, messageOf } from "../errors.js";

/** What a deployer signs with. The nonce and the fees are Ignition's to choose. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: TransactionLike): Promise<string>;
}

interface Sent {
  readonly to?: string;
  readonly data?: string;
  readonly value?: string;
  readonly nonce?: string;
  readonly gas?: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
}

const TIMEOUT_MS = 60_000;

/** A refusal of the node, with the data that came with it: Ignition reads reasons from there. */
class NodeRefusal extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    super(message);
    this.name = "NodeRefusal";
    this.code = code;
    this.data = data;
  }
}

/**
 * A node for Ignition, with one account: transactions of that account are signed here and go out raw, everything else is the
 * node's to answer.
 */
export function createNode(rpcUrl: string, chainId: number, signer: TransactionSigner): EIP1193Provider {
  let id = 0;

  async function ask(method: string, params: unknown): Promise<unknown> {
    const request = new FetchRequest(rpcUrl);
    request.timeout = TIMEOUT_MS;
    request.body = { jsonrpc: "2.0", id: ++id, method, params: params ?? [] };
    let answer: { result?: unknown; error?: { code: number; message: string; data?: unknown } };
    try {
      answer = (await request.send()).bodyJson as typeof answer;
    } catch (cause) {
      throw new TouchstoneError("RPC_FAILED", `The node did not answer ${method}: ${messageOf(cause)}`, {
        next: "Run the command again: it goes on where it stopped.",
        retryable: true,
        cause,
      });
    }
    if (answer.error !== undefined) throw new NodeRefusal(answer.error);
    return answer.result;
  }

  async function send(asked: Sent): Promise<unknown> {
    const dynamic = asked.maxFeePerGas !== undefined;
    const transaction: TransactionLike = {
      chainId,
      type: dynamic ? 2 : 0,
      to: asked.to ?? null,
      data: asked.data ?? "0x",
      value: BigInt(asked.value ?? 0),
      nonce: Number(asked.nonce),
      gasLimit: BigInt(asked.gas ?? 0),
      ...(dynamic
        ? { maxFeePerGas: BigInt(asked.maxFeePerGas), maxPriorityFeePerGas: BigInt(asked.maxPriorityFeePerGas ?? 0) }
        : { gasPrice: BigInt(asked.gasPrice ?? 0) }),
    };
    // Parsed again, so that nothing leaves that the signer made of something else.
    const signed = Transaction.from(await signer.signTransaction(transaction));
    if (signed.unsignedSerialized !== Transaction.from(transaction).unsignedSerialized) {
      throw new TouchstoneError("SIGNER_CHANGED", "The signer signed another transaction than it was given.", {
        next: "Check the signer's rules: it may neither raise gas nor change the nonce.",
      });
    }
    return ask("eth_sendRawTransaction", [signed.serialized]);
  }

  return {
    request: ({ method, params }) => {
      if (method === "eth_accounts") return Promise.resolve([signer.address]);
      if (method === "eth_sendTransaction") return send((params as [Sent])[0]);
      return ask(method, params);
    },
  };
}
