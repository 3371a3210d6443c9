// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A share of a slash, in stake tokens.
struct Reward {
    address to;
    uint96 amount;
}
