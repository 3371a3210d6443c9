import { Contract, type Result, Signature, type Signer, type TypedDataDomain } from "ethers";

import type { Suite } from "../chain/suite.js";

/** An EIP-2612 permit as the escrow takes it. */
export interface SignedPermit {
  readonly deadline: bigint;
  readonly v: number;
  readonly r: string;
  readonly s: string;
}

/** Seconds of chain time for which a permit is good. */
const VALID_SECONDS = 3_600n;

const ABI = [
  "function nonces(address owner) view returns (uint256)",
  "function eip712Domain() view returns (bytes1, string name, string version, uint256 chainId, address verifyingContract, bytes32, uint256[])",
];

const TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** Whose tokens, and which key signs for them. */
export type PermitSigner = Pick<Signer, "signTypedData"> & { readonly address: string };

/**
 * Signs that `spender` may take `value` of a token, so that no transaction of its own is needed for that.
 * @returns undefined where the token has no permits (EIP-2612) or does not say under which domain (EIP-5267).
 */
export async function signPermit(
  { provider }: Suite,
  signer: PermitSigner,
  { token, spender, value }: { readonly token: string; readonly spender: string; readonly value: bigint },
): Promise<SignedPermit | undefined> {
  const contract = new Contract(token, ABI, provider);
  let answers: readonly [Result, Result];
  try {
    answers = await Promise.all([
      contract.getFunction("eip712Domain").staticCallResult(),
      contract.getFunction("nonces").staticCallResult(signer.address),
    ]);
  } catch {
    // Providers say in many ways that a contract has no such function. Where the node is at fault the next call says so.
    return undefined;
  }
  const [found, [nonce]] = answers;
  const domain: TypedDataDomain = {
    name: found.getValue("name") as string,
    version: found.getValue("version") as string,
    chainId: found.getValue("chainId") as bigint,
    verifyingContract: found.getValue("verifyingContract") as string,
  };
  const now = (await provider.getBlock("latest"))?.timestamp ?? 0;
  const deadline = BigInt(now) + VALID_SECONDS;
  const message = { owner: signer.address, spender, value, nonce: nonce as bigint, deadline };
  const { v, r, s } = Signature.from(await signer.signTypedData(domain, TYPES, message));
  return { deadline, v, r, s };
}
