import { concat, dataLength, toBeHex } from "ethers";

/** Slot of a puppet's result: 0 if it was never called, 1 if its call was refused, 2 if it went through. */
export const RESULT = 1;

/** Bytes before the data that a puppet sends. */
const PROLOGUE = 89;

/**
 * Code of an account that, when anybody calls or pays it for the first time, makes one call of its own: so an attacker that reacts to a
 * payment, a token's hook or a callback. Written as code and not as a contract, because it takes over accounts that have a part already.
 */
export function puppetCode(target: string, data: string, value: bigint): string {
  const size = toBeHex(dataLength(data), 2);
  return concat([
    "0x5f54", // sload(0): called before?
    concat(["0x61", toBeHex(PROLOGUE - 2, 2), "0x57"]), // then jump to the end
    "0x60015f55", // sstore(0, 1)
    concat(["0x61", size, "0x61", toBeHex(PROLOGUE, 2), "0x5f39"]), // codecopy(0, PROLOGUE, size)
    concat(["0x5f5f61", size, "0x5f"]), // no result; the data
    concat(["0x7f", toBeHex(value, 32), "0x73", target, "0x5af1"]), // call(gas, target, value, ...)
    "0x60010160015500", // sstore(1, success + 1); stop
    "0x5b00", // end: stop
    data,
  ]);
}
