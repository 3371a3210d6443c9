/*
 * AssemblyScript: functions of two integers of at most 32 bits, or bools, in 64 bits.
 */

/** Codes of functions and dtypes, as in src/audit/graph.ts. */
const ADD = 32;
const SUB = 33;
const MUL = 34;
const DIV = 35;
const MIN = 36;
const MAX = 37;
const MOD = 39;
const FMOD = 40;
const AND = 41;
const OR = 42;
const XOR = 43;
const SHL = 44;
const SHR = 45;
const EQ = 46;
const LT = 47;
const I8 = 3;
const I16 = 5;
const I32 = 6;

function extended(dtype: i32, x: u32): i64 {
  return dtype == I8 ? i64(i8(x)) : dtype == I16 ? i64(i16(x)) : dtype == I32 ? i64(i32(x)) : i64(x);
}

function value(fn: i32, width: i64, x: i64, y: i64): i64 {
  switch (fn) {
    case ADD:
      return x + y;
    case SUB:
      return x - y;
    case MUL:
      return x * y;
    case DIV:
      return y == 0 ? 0 : x / y;
    case MIN:
      return x < y ? x : y;
    case MAX:
      return x < y ? y : x;
    case MOD:
      // Toward the divisor's side.
      return y == 0 ? 0 : ((x % y) + y) % y;
    case FMOD:
      return y == 0 ? 0 : x % y;
    case AND:
      return x & y;
    case OR:
      return x | y;
    case XOR:
      return x ^ y;
    case SHL:
      return y >= width ? 0 : x << y;
    case SHR:
      return y >= width ? 0 : x >> y;
    case EQ:
      return x == y ? 1 : 0;
    case LT:
      return x < y ? 1 : 0;
    default:
      return x <= y ? 1 : 0;
  }
}

/** Bits of the value for bits x and y. */
export function whole(fn: i32, dtype: i32, bytes: i32, x: u32, y: u32): u32 {
  const result = value(fn, 8 * bytes, extended(dtype, x), extended(dtype, y));
  return u32(result) & (bytes == 4 ? 0xffffffff : (1 << (8 * bytes)) - 1);
}
