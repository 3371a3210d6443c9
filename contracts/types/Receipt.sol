// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What an operator's key signs to set stake aside for one payer. It takes effect when the payer deposits; its EIP-712
/// digest is the reservation's id, so that it can be used once, on one chain and contract.
struct ReservationOffer {
    address operator;
    /// Who pays, and the only account that can accept.
    address payer;
    /// Stake tokens that back all receipts of the reservation together.
    uint96 lock;
    /// What vouchers pay in: a token, or zero for the native coin.
    address currency;
    /// Least deposit that activates it.
    uint128 minDeposit;
    /// Seconds from activation in which receipts may be issued.
    uint32 duration;
    /// Last second of chain time in which it can be accepted.
    uint48 activateBy;
    /// Any value; lets one operator make the same offer twice.
    bytes32 salt;
}

/// What an operator's key signs with every answer: a claim as soon as anybody presents it. Its EIP-712 digest is the
/// claim's id.
struct Receipt {
    /// Chosen by the client, so that an answer to one request can't stand for another.
    bytes32 requestId;
    bytes32 reservation;
    bytes32 modelId;
    /// `listHash` over the tensor roots of all unbound inputs (docs/audit.md, 2).
    bytes32 inputsRoot;
    /// `listHash` over the tensor roots of all outputs.
    bytes32 outputsRoot;
    address operator;
    /// Who gets the consumer's share of a slash.
    address consumer;
    /// What the answer cost, in the reservation's currency. A record between the two: no rule depends on it.
    uint256 price;
    /// Chain time of the answer: decides which key could sign, and when the challenge window ends.
    uint48 issuedAt;
    /// Version of the receipt parameters that the reservation was made under.
    uint32 version;
}

/// What a payer signs: all that its reservation has cost so far. A later voucher contains the earlier ones.
struct Voucher {
    bytes32 reservation;
    uint128 cumulative;
}
