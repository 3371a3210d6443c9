import type { ContractTransaction, Interface, Provider, Signer, TransactionReceipt } from "ethers";
import { BaseWallet, keccak256 } from "ethers";
import type { Logger } from "pino";

import { TouchstoneError } from "../errors.js";
import { advisedFees, replacementFees, type Fees } from "./fees.js";
import { memoryJournal, type Attempt, type Flight, type Journal } from "./journal.js";
import { explainRefusal, refusalOfNode } from "./refusals.js";
import { RemoteSigner } from "./remoteSigner.js";

/** Sends transactions of one key, one after the other, and waits for each to be mined. */
export interface Sender {
  readonly address: string;
  /**
   * Simulates, signs, broadcasts and waits for one confirmation. Where it is not mined it is replaced by one that offers more;
   * where a reorganisation took back what this key sent before, nonces that are free again are used up; where something else of the
   * same key took its nonce, it starts again with the simulation.
   * @throws TouchstoneError with the contract's error name as code when the contract refuses; nothing is spent then.
   */
  send(transaction: ContractTransaction): Promise<TransactionReceipt>;
  /** Waits for what an earlier process with this journal had on its way. Call it before looking at the chain for what to do. */
  recover(): Promise<void>;
}

export interface SenderOptions {
  readonly provider: Provider;
  /** Wallets and remote signers sign first, so that what leaves is known before it does; of others (Hardhat's) the node holds the key. */
  readonly signer: Pick<Signer, "sendTransaction"> & { readonly address: string };
  /** All errors that the called contracts may return. */
  readonly errors: Interface;
  /** Default: one that ends with the process. */
  readonly journal?: Journal;
  /** How long a transaction may wait before it is replaced. */
  readonly stuckMs?: number;
  /** Called with every mined transaction, e.g. to add up gas. */
  readonly onMined?: (receipt: TransactionReceipt) => void;
  readonly log?: Logger;
}

const STUCK_MS = 45_000;
const POLL_MS = 200;
/** How often something else may take a nonce before a send gives up. */
const RACES = 8;
/** Looks for a receipt after the nonce is used: an endpoint may know the one before the other. */
const LATE_LOOKS = 25;
/** Replacements in a row, without a pause, for a transaction that nodes call too cheap: an eighth each, 200 times the price. */
const CHEAP_TRIES = 45;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function createSender(options: SenderOptions): Sender {
  const { provider, signer, errors, journal = memoryJournal(), stuckMs = STUCK_MS, onMined, log } = options;
  const { address } = signer;
  let last: Promise<unknown> = Promise.resolve();

  const keyOf = ({ nonce }: Flight): string => String(nonce).padStart(12, "0");
  const now = (): number => performance.now();

  /** Keeps an attempt, then lets it leave. The flight is returned with it, taken or not. */
  async function launch(flight: Flight, fees: Fees): Promise<{ flight: Flight; thrown?: unknown }> {
    const { nonce, to, data, value, gasLimit } = flight;
    const { chainId } = await provider.getNetwork();
    const filled = { ...{ nonce, to, data, value, gasLimit, chainId }, ...fees };
    const typed = { ...filled, type: "gasPrice" in fees ? 0 : 2 };
    const withAttempt = (attempt: Attempt): Flight => {
      const next = { ...flight, attempts: [...flight.attempts, attempt] };
      journal.put(keyOf(next), next);
      return next;
    };
    if (!(signer instanceof BaseWallet || signer instanceof RemoteSigner)) {
      const { hash } = await signer.sendTransaction(typed);
      return { flight: withAttempt({ hash, fees }) };
    }
    const raw = await signer.signTransaction(typed);
    const next = withAttempt({ hash: keccak256(raw), raw, fees });
    try {
      await provider.broadcastTransaction(raw);
      return { flight: next };
    } catch (thrown) {
      return { flight: next, thrown };
    }
  }

  async function minedOf({ attempts }: Flight): Promise<TransactionReceipt | undefined> {
    for (const { hash } of [...attempts].reverse()) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
    }
    return undefined;
  }

  /** Launches, and raises the offer while nodes call it too cheap. Returns undefined where the nonce is used already. */
  async function launchDear(flight: Flight, first: Fees): Promise<Flight | undefined> {
    let [fees, tried] = [first, flight];
    for (let tries = 0; ; tries++) {
      const { flight: next, thrown } = await launch(tried, fees);
      if (thrown === undefined) return next;
      const refusal = refusalOfNode(thrown);
      if (refusal === "known" || refusal === "unheard") return next;
      // Nodes that mine at once report what the call did as the answer to its broadcast.
      if ((await minedOf(next)) !== undefined) return next;
      // What was refused never left; only what may be out there is kept.
      if (refusal !== "cheap" || tries === CHEAP_TRIES) {
        if (flight.attempts.length === 0) journal.delete(keyOf(flight));
        else journal.put(keyOf(flight), flight);
        if (refusal === "raced") return undefined;
        throw explainRefusal(errors, address, thrown);
      }
      tried = flight;
      fees = replacementFees(fees, advisedFees(await provider.getFeeData()));
    }
  }

  /** Offers more for a flight that does not move. Returns undefined where nothing of it is out there any more, nor can be. */
  async function replace(flight: Flight): Promise<Flight | undefined> {
    const before = flight.attempts.at(-1)!;
    const fees = replacementFees(before.fees, advisedFees(await provider.getFeeData()));
    log?.warn({ event: "replacing", nonce: flight.nonce, hash: before.hash, fees }, "replacing a stuck transaction");
    try {
      return (await launchDear(flight, fees)) ?? flight;
    } catch (err) {
      // Too dear for this account, say. What is out there can still be mined.
      log?.warn({ event: "not-replaced", nonce: flight.nonce, err }, "the replacement was refused");
      for (const { hash } of flight.attempts) if ((await provider.getTransaction(hash)) !== null) return flight;
      return undefined;
    }
  }

  /**
   * Takes a nonce below those of flights, which a reorganisation gave back: nothing later is mined before it is used, and what used it may
   * never come again. If it does, one of both is mined; whoever wanted the other looks at the chain and starts again.
   */
  async function fill(nonce: number): Promise<void> {
    log?.warn({ event: "filling", nonce }, "an earlier transaction was taken back: its nonce is used for nothing");
    const call = { to: address, data: "0x", value: 0n };
    const gasLimit = await provider.estimateGas({ ...call, from: address });
    const filler = await launchDear(
      { ...call, gasLimit, nonce, attempts: [] },
      advisedFees(await provider.getFeeData()),
    );
    if (filler !== undefined) await finish(filler);
  }

  /**
   * Waits for a flight's end, replacing what does not move. Returns undefined where something else took its nonce, or no node
   * has it any more: whoever wants it has to start again.
   */
  async function settle(started: Flight): Promise<TransactionReceipt | undefined> {
    let flight = started;
    let [since, lateLooks] = [now(), 0];
    for (;;) {
      try {
        const receipt = await minedOf(flight);
        if (receipt !== undefined) return receipt;
        const next = await provider.getTransactionCount(address, "latest");
        if (next > flight.nonce) {
          if (++lateLooks > LATE_LOOKS) return undefined;
        } else if (now() - since < stuckMs) {
          // It may yet move by itself.
        } else if (next < flight.nonce) {
          await fill(next);
        } else {
          const replacement = await replace(flight);
          if (replacement === undefined) return undefined;
          flight = replacement;
          since = now();
        }
      } catch (err) {
        if (refusalOfNode(err) !== "unheard") throw err;
        log?.warn({ event: "rpc-failed", err }, "the node is away; still waiting for a transaction");
        await sleep(POLL_MS * 5);
      }
      await sleep(POLL_MS);
    }
  }

  /** Waits for a flight's end, and forgets it. */
  async function finish(flight: Flight): Promise<TransactionReceipt | undefined> {
    const receipt = await settle(flight);
    journal.delete(keyOf(flight));
    return receipt;
  }

  /** The next nonce. Waits for what others of this key have pending; what does not move is replaced. */
  async function nextNonce(): Promise<number> {
    const since = now();
    for (;;) {
      const [pending, latest] = await Promise.all([
        provider.getTransactionCount(address, "pending"),
        provider.getTransactionCount(address, "latest"),
      ]);
      if (pending <= latest || now() - since >= stuckMs) return latest;
      await sleep(POLL_MS);
    }
  }

  async function fly({ to, data, value = 0n }: ContractTransaction): Promise<TransactionReceipt | undefined> {
    let flight: Flight | undefined;
    try {
      const call = { to, data, value };
      // Simulated after what this key has pending is mined: it may be the same call.
      const nonce = await nextNonce();
      const estimate = await provider.estimateGas({ ...call, from: address });
      // A margin, because storage may change between the estimate and the block.
      const gasLimit = (estimate * 6n) / 5n;
      const started = { ...call, gasLimit, nonce, attempts: [] };
      flight = await launchDear(started, advisedFees(await provider.getFeeData()));
    } catch (thrown) {
      throw explainRefusal(errors, address, thrown);
    }
    return flight && (await finish(flight));
  }

  async function sendNow(transaction: ContractTransaction): Promise<TransactionReceipt> {
    for (let race = 0; race < RACES; race++) {
      const receipt = await fly(transaction);
      if (receipt === undefined) {
        log?.warn(
          { event: "nonce-raced" },
          "another transaction took the nonce, or this one was dropped: starting again",
        );
        continue;
      }
      onMined?.(receipt);
      if (receipt.status === 1) return receipt;
      // Somebody else was faster, mostly: what the contract says of the call now is why.
      await provider.estimateGas({ ...transaction, from: address }).catch((thrown: unknown) => {
        throw explainRefusal(errors, address, thrown);
      });
      throw new TouchstoneError("TRANSACTION_REVERTED", `Transaction ${receipt.hash} was mined and reverted.`, {
        next: "State changed while it was pending; run the command again.",
        retryable: true,
      });
    }
    throw new TouchstoneError("NONCE_RACED", `Other transactions of ${address} keep taking its turn.`, {
      next: "Stop the other process that sends with this key.",
      retryable: true,
    });
  }

  /** One thing at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    address,
    send: (transaction) => inTurn(() => sendNow(transaction)),
    recover: () =>
      inTurn(async () => {
        for (const { key, value } of journal.entries()) {
          log?.info({ event: "recovering", nonce: value.nonce }, "waiting for a transaction of an earlier process");
          const raw = value.attempts.at(-1)?.raw;
          // It may never have left.
          if (raw !== undefined) await provider.broadcastTransaction(raw).catch(() => undefined);
          const receipt = await settle(value);
          if (receipt !== undefined) onMined?.(receipt);
          journal.delete(key);
        }
      }),
  };
}
