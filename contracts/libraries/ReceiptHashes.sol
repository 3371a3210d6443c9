// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Receipt, ReservationOffer, Voucher } from "../types/Receipt.sol";

/// @title EIP-712 struct hashes of offers, receipts and vouchers
/// @notice `src/receipts/typed-data.ts` has the same types; `test/vectors/receipts.json` holds both to one encoding.
library ReceiptHashes {
    bytes32 internal constant OFFER = keccak256(
        "ReservationOffer(address operator,address payer,uint96 lock,address currency,uint128 minDeposit,uint32 duration,uint48 activateBy,bytes32 salt)"
    );
    bytes32 internal constant RECEIPT = keccak256(
        "Receipt(bytes32 requestId,bytes32 reservation,bytes32 modelId,bytes32 inputsRoot,bytes32 outputsRoot,address operator,address consumer,uint256 price,uint48 issuedAt,uint32 version)"
    );
    bytes32 internal constant VOUCHER = keccak256("Voucher(bytes32 reservation,uint128 cumulative)");

    // The structs have static members only, so that `abi.encode` of one is the encoding of its members.

    function hash(ReservationOffer memory offer) internal pure returns (bytes32) {
        return keccak256(abi.encode(OFFER, offer));
    }

    function hash(Receipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT, receipt));
    }

    function hash(Voucher memory voucher) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER, voucher));
    }
}
