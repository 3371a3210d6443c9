// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import { ReceiptHashes } from "../libraries/ReceiptHashes.sol";
import { Receipt, ReservationOffer, Voucher } from "../types/Receipt.sol";

/// @notice The struct hashes of receipts under any domain, and who signed them.
contract ReceiptHarness {
    function offer(bytes32 domain, ReservationOffer calldata message) external pure returns (bytes32 hash, bytes32) {
        hash = ReceiptHashes.hash(message);
        return (hash, MessageHashUtils.toTypedDataHash(domain, hash));
    }

    function receipt(bytes32 domain, Receipt calldata message) external pure returns (bytes32 hash, bytes32) {
        hash = ReceiptHashes.hash(message);
        return (hash, MessageHashUtils.toTypedDataHash(domain, hash));
    }

    function voucher(bytes32 domain, Voucher calldata message) external pure returns (bytes32 hash, bytes32) {
        hash = ReceiptHashes.hash(message);
        return (hash, MessageHashUtils.toTypedDataHash(domain, hash));
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return ECDSA.recoverCalldata(digest, signature);
    }
}
