import {
  AbstractSigner,
  getAddress,
  type Provider,
  toQuantity,
  Transaction,
  type TransactionLike,
  type TransactionRequest,
  resolveProperties,
  hexlify,
  toUtf8Bytes,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  verifyTypedData,
} from "ethers";

import { TouchstoneError, messageOf } from "../errors.js";
import { requestTo } from "./requests.js";

/** People may have to confirm at the signer. */
const TIMEOUT_MS = 120_000;
const METHOD_NOT_FOUND = -32_601;

/** A refusal of the signer. */
interface Refusal {
  readonly code: number;
  readonly message: string;
}

const refusedBy = (url: string, method: string, reason: string, cause?: unknown): TouchstoneError =>
  new TouchstoneError("SIGNER_REFUSED", `The signer at ${new URL(url).host} refused ${method}: ${reason}`, {
    next: "Check TOUCHSTONE_SIGNER_URL, the signer's rules, and whether it waits for a confirmation.",
    ...(cause === undefined ? {} : { cause }),
  });

async function ask(
  url: string,
  method: string,
  params: unknown[],
): Promise<{ result: unknown } | { refusal: Refusal }> {
  const request = requestTo(url, TIMEOUT_MS);
  request.body = { jsonrpc: "2.0", id: 1, method, params };
  try {
    const { result, error } = (await request.send()).bodyJson as { result?: unknown; error?: Refusal };
    return error === undefined ? { result } : { refusal: error };
  } catch (cause) {
    throw refusedBy(url, method, messageOf(cause), cause);
  }
}

async function demand(url: string, method: string, params: unknown[]): Promise<unknown> {
  const answer = await ask(url, method, params);
  if ("refusal" in answer) throw refusedBy(url, method, answer.refusal.message);
  return answer.result;
}

/**
 * A key that another program keeps: Clef, Web3Signer, a hardware wallet's bridge or any other signer that speaks JSON-RPC. It
 * signs; transactions go out through this process's own node. What it returns is checked against what it was asked to sign.
 */
export class RemoteSigner extends AbstractSigner {
  readonly address: string;
  readonly #url: string;

  constructor(url: string, address: string, provider: Provider | null = null) {
    super(provider);
    this.#url = url;
    this.address = address;
  }

  getAddress(): Promise<string> {
    return Promise.resolve(this.address);
  }

  connect(provider: Provider | null): RemoteSigner {
    return new RemoteSigner(this.#url, this.address, provider);
  }

  async signTransaction(request: TransactionRequest): Promise<string> {
    const { from: _from, ...rest } = await resolveProperties(request);
    const unsigned = Transaction.from(rest as TransactionLike);
    const { to, data, value, nonce, gasLimit, gasPrice, maxFeePerGas, maxPriorityFeePerGas, chainId, type } = unsigned;
    const fees =
      type === 2
        ? { maxFeePerGas: toQuantity(maxFeePerGas ?? 0), maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas ?? 0) }
        : { gasPrice: toQuantity(gasPrice ?? 0) };
    const asked = {
      ...{ from: this.address, data, value: toQuantity(value), nonce: toQuantity(nonce) },
      ...{ gas: toQuantity(gasLimit), chainId: toQuantity(chainId), ...fees },
      ...(to === null ? {} : { to }),
    };
    const answer = await demand(this.#url, "eth_signTransaction", [asked]);
    // Clef wraps the signed bytes, others return them as they are.
    const raw = typeof answer === "object" && answer !== null && "raw" in answer ? answer.raw : answer;
    const signed = Transaction.from(String(raw));
    if (signed.from !== this.address || signed.unsignedHash !== unsigned.unsignedHash) {
      throw refusedBy(this.#url, "eth_signTransaction", "it signed something else, or with another key");
    }
    return signed.serialized;
  }

  async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const payload = JSON.stringify(TypedDataEncoder.getPayload(domain, types, value));
    for (const method of ["eth_signTypedData_v4", "eth_signTypedData"]) {
      const answer = await ask(this.#url, method, [this.address, payload]);
      if ("refusal" in answer) {
        if (answer.refusal.code === METHOD_NOT_FOUND) continue;
        throw refusedBy(this.#url, method, answer.refusal.message);
      }
      const signature = String(answer.result);
      if (verifyTypedData(domain, types, value, signature) === this.address) return signature;
      throw refusedBy(this.#url, method, "it signed something else, or with another key");
    }
    throw refusedBy(this.#url, "eth_signTypedData_v4", "it can't sign typed data");
  }

  async signMessage(message: string | Uint8Array): Promise<string> {
    const bytes = typeof message === "string" ? toUtf8Bytes(message) : message;
    return String(await demand(this.#url, "personal_sign", [hexlify(bytes), this.address]));
  }
}

/**
 * Asks a signer which accounts it has.
 * @param wanted which of them to use; may be left out where there is only one
 * @throws TouchstoneError `SIGNER_REFUSED`.
 */
export async function connectRemoteSigner(url: string, wanted: string | undefined): Promise<RemoteSigner> {
  const accounts = ((await demand(url, "eth_accounts", [])) as string[]).map((each) => getAddress(each));
  const chosen = wanted === undefined ? accounts : accounts.filter((each) => each === getAddress(wanted));
  const [address] = chosen;
  if (address === undefined || chosen.length > 1) {
    throw refusedBy(
      url,
      "eth_accounts",
      `it has ${accounts.join(", ") || "no account"}: name one of them in TOUCHSTONE_SIGNER_ADDRESS`,
    );
  }
  return new RemoteSigner(url, address);
}
