import { ZeroAddress } from "ethers";

import {
  DEPOSIT,
  DURATION,
  presentedClaim,
  RECEIPT_PARAMS,
  reserve,
  signedOffer,
  signedReceipt,
  signedVoucher,
} from "../../support/receipts.js";
import { rowsOf } from "../entry-point.js";
import { challenged, type World } from "../world.js";

const row = rowsOf("ReceiptEscrow");

const reserved = (world: World) => reserve(world.chain, world);
const endOf = async ({ receipts }: World, reservation: string) => (await receipts.reservationOf(reservation)).end;
const claimed = async (world: World) => (await presentedClaim(world.chain, world, await reserved(world))).id;

async function thawing(world: World) {
  const reservation = await reserved(world);
  await world.receipts.connect(world.chain.consumer).thaw(reservation, 5n);
  return { reservation, at: (await world.receipts.reservationOf(reservation)).thawedAt };
}

/** The operator is owed a voucher's amount. */
async function collected(world: World) {
  const reservation = await reserved(world);
  await world.receipts.collect([await signedVoucher(world.chain, world, { reservation, cumulative: 9n })]);
}

export const RECEIPTS = [
  row("setReservationCap", {
    who: "any operator, for itself",
    may: "anybody",
    pause: "works",
    scene: ({ addresses }) => ({ args: [5n], by: addresses.operator }),
  }),
  row("activate", {
    who: "the payer that the signed offer names",
    may: ["consumer"],
    refusal: "NotPayer",
    pause: "works",
    guards: ["ReceiptEscrow"],
    deadline: "until the offer's `activateBy`",
    scene: async (world) => {
      const { offer, signature } = await signedOffer(world.chain, world);
      return {
        args: [offer, signature, DEPOSIT],
        value: DEPOSIT,
        edge: { at: offer.activateBy, kind: "until", error: "OfferExpired" },
      };
    },
  }),
  row("deposit", {
    who: "anybody, who pays",
    may: "anybody",
    pause: "works",
    guards: ["ReceiptEscrow"],
    scene: async (world) => ({ args: [await reserved(world), 3n], value: 3n, by: world.addresses.consumer }),
  }),
  row("endReservation", {
    who: "the operator or its worker",
    may: ["operator", "worker"],
    refusal: "NotOperator",
    pause: "works",
    deadline: "before the reservation's end",
    scene: async (world) => {
      const reservation = await reserved(world);
      const at = (await endOf(world, reservation)) - 1n;
      return { args: [reservation], edge: { at, kind: "until", error: "AlreadyEnded" } };
    },
  }),
  row("release", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    deadline: "after the end and the receipt window",
    scene: async (world) => {
      const reservation = await reserved(world);
      const at = (await endOf(world, reservation)) + BigInt(RECEIPT_PARAMS.challengeWindow);
      return { args: [reservation], edge: { at, kind: "after", error: "ReservationRunning" } };
    },
  }),
  row("present", {
    who: "anybody who has the signed receipt",
    may: "anybody",
    pause: "works",
    deadline: "until the end of the receipt's challenge window; for receipts until the reservation's end",
    scene: async (world) => {
      const { receipt, signature } = await signedReceipt(world.chain, world, { reservation: await reserved(world) });
      const at = receipt.issuedAt + RECEIPT_PARAMS.challengeWindow;
      return { args: [receipt, signature], edge: { at, kind: "until", error: "ReceiptFinal" } };
    },
    others: [
      async (world) => {
        const reservation = await reserved(world);
        const issuedAt = Number(await endOf(world, reservation)) - DURATION / 2;
        const { receipt, signature } = await signedReceipt(world.chain, world, { reservation, issuedAt });
        return { args: [receipt, signature], edge: { at: issuedAt, kind: "from", error: "NotIssuedYet" } };
      },
    ],
  }),
  row("challengeOpened", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    deadline: "until the end of the challenge window",
    scene: async (world) => {
      const claimId = await claimed(world);
      const at = (await world.receipts.claim(claimId)).challengeDeadline;
      return { args: [claimId], edge: { at, kind: "until", error: "ChallengeWindowClosed" } };
    },
  }),
  row("challengeClosed", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => {
      const claim = await presentedClaim(world.chain, world, await reserved(world));
      await challenged(world, claim);
      return { args: [claim.id] };
    },
  }),
  row("settleWrong", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => ({ args: [await claimed(world), [world.addresses.challenger]] }),
  }),
  row("settleVoid", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => ({ args: [await claimed(world)] }),
  }),
  row("thaw", {
    who: "the payer",
    may: ["consumer"],
    refusal: "NotPayer",
    pause: "works",
    scene: async (world) => ({ args: [await reserved(world), 5n] }),
  }),
  row("withdrawThawed", {
    who: "the payer",
    may: ["consumer"],
    refusal: "NotPayer",
    pause: "stands",
    guards: ["ReceiptEscrow"],
    deadline: "from the end of the thaw period",
    scene: async (world) => {
      const { reservation, at } = await thawing(world);
      return { args: [reservation, world.addresses.consumer], edge: { at, kind: "from", error: "StillThawing" } };
    },
  }),
  row("collect", {
    who: "anybody who has signed vouchers, for the operator",
    may: "anybody",
    pause: "stands",
    guards: ["ReceiptEscrow", "DelegatorFees"],
    scene: async (world) => {
      const reservation = await reserved(world);
      // Enough for delegators to have a part of it.
      return { args: [[await signedVoucher(world.chain, world, { reservation, cumulative: 1_000_000n })]] };
    },
  }),
  row("withdraw", {
    who: "anybody, to the account that is owed",
    may: "anybody",
    pause: "stands",
    guards: ["ReceiptEscrow"],
    scene: async (world) => {
      await collected(world);
      return { args: [ZeroAddress, world.addresses.operator] };
    },
  }),
  row("withdrawTo", {
    who: "the account that is owed",
    may: ["operator"],
    refusal: "NothingToWithdraw",
    pause: "stands",
    guards: ["ReceiptEscrow"],
    scene: async (world) => {
      await collected(world);
      return { args: [ZeroAddress, world.addresses.stranger] };
    },
  }),
];
