// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Codes of the map functions (docs/audit.md, 4)
library MapFn {
    // One operand.
    uint8 internal constant COPY = 1;
    uint8 internal constant NEG = 2;
    uint8 internal constant ABS = 3;
    uint8 internal constant SIGN = 4;
    uint8 internal constant FLOOR = 5;
    uint8 internal constant CEIL = 6;
    uint8 internal constant ROUND = 7;
    uint8 internal constant SQRT = 8;
    uint8 internal constant EXP = 9;
    uint8 internal constant LOG = 10;
    uint8 internal constant SIN = 11;
    uint8 internal constant COS = 12;
    uint8 internal constant TAN = 13;
    uint8 internal constant ASIN = 14;
    uint8 internal constant ACOS = 15;
    uint8 internal constant ATAN = 16;
    uint8 internal constant SINH = 17;
    uint8 internal constant COSH = 18;
    uint8 internal constant ASINH = 19;
    uint8 internal constant ACOSH = 20;
    uint8 internal constant ATANH = 21;
    uint8 internal constant TANH = 22;
    uint8 internal constant SIGMOID = 23;
    uint8 internal constant ERF = 24;
    uint8 internal constant EXPM1 = 25;
    uint8 internal constant LOG1P = 26;
    uint8 internal constant NOT = 27;
    uint8 internal constant IS_NAN = 28;
    uint8 internal constant IS_INF = 29;
    uint8 internal constant CAST = 30;

    // Two operands.
    uint8 internal constant ADD = 32;
    uint8 internal constant SUB = 33;
    uint8 internal constant MUL = 34;
    uint8 internal constant DIV = 35;
    uint8 internal constant MIN = 36;
    uint8 internal constant MAX = 37;
    uint8 internal constant POW = 38;
    uint8 internal constant MOD = 39;
    uint8 internal constant FMOD = 40;
    uint8 internal constant AND = 41;
    uint8 internal constant OR = 42;
    uint8 internal constant XOR = 43;
    uint8 internal constant SHL = 44;
    uint8 internal constant SHR = 45;
    uint8 internal constant EQ = 46;
    uint8 internal constant LT = 47;
    uint8 internal constant LE = 48;
    uint8 internal constant PRELU = 49;

    // Three operands.
    uint8 internal constant WHERE = 52;
    uint8 internal constant QUANTIZE = 53;
    uint8 internal constant DEQUANTIZE = 54;
    uint8 internal constant FMA = 55;

    // Any number of operands.
    uint8 internal constant PICK = 56;
}
