// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Codes of the reductions (docs/audit.md, 4)
library ReduceFn {
    uint8 internal constant DOT = 64;
    uint8 internal constant SUM = 65;
    uint8 internal constant MEAN = 66;
    uint8 internal constant MAX = 67;
    uint8 internal constant MIN = 68;
    uint8 internal constant ARGMAX = 69;
    uint8 internal constant ARGMIN = 70;
    uint8 internal constant ARGMAX_LAST = 71;
    uint8 internal constant ARGMIN_LAST = 72;
    uint8 internal constant ARGKTH = 73;
}
