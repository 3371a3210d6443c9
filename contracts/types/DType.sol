// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Element types by their ONNX codes (docs/audit.md, 1)
library DType {
    uint8 internal constant F32 = 1;
    uint8 internal constant U8 = 2;
    uint8 internal constant I8 = 3;
    uint8 internal constant U16 = 4;
    uint8 internal constant I16 = 5;
    uint8 internal constant I32 = 6;
    uint8 internal constant I64 = 7;
    uint8 internal constant BOOL = 9;
    uint8 internal constant F64 = 11;
    uint8 internal constant U32 = 12;
    uint8 internal constant U64 = 13;

    /// Nibble `code` holds the bytes of one element.
    uint256 private constant SIZES = 0x84801084221140;
    /// Bit `code` is set for members.
    uint256 private constant SIGNED = (1 << I8) | (1 << I16) | (1 << I32) | (1 << I64);
    uint256 private constant UNSIGNED = (1 << U8) | (1 << U16) | (1 << U32) | (1 << U64);

    /// @notice Bytes of one element, 0 for an unknown code.
    function size(uint8 code) internal pure returns (uint256) {
        return (SIZES >> (4 * uint256(code))) & 15;
    }

    function isKnown(uint8 code) internal pure returns (bool) {
        return size(code) != 0;
    }

    function isSigned(uint8 code) internal pure returns (bool) {
        return (SIGNED >> code) & 1 != 0;
    }

    function isUnsigned(uint8 code) internal pure returns (bool) {
        return (UNSIGNED >> code) & 1 != 0;
    }

    function isInteger(uint8 code) internal pure returns (bool) {
        return ((SIGNED | UNSIGNED) >> code) & 1 != 0;
    }
}
