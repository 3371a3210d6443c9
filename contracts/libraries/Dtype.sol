// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Element types and their order (docs/audit.md, 1)
/// @notice What contracts around the audit machine need to know of an element's bits: its width, whether the bits are a
/// canonical finite value, and which of two values is the larger.
library Dtype {
    uint8 internal constant F32 = 1;
    uint8 internal constant U8 = 2;
    uint8 internal constant I8 = 3;
    uint8 internal constant U16 = 4;
    uint8 internal constant I16 = 5;
    uint8 internal constant I32 = 6;
    uint8 internal constant I64 = 7;
    uint8 internal constant BOOL = 9;
    uint8 internal constant U32 = 12;
    uint8 internal constant U64 = 13;

    /// Bits of binary32 infinity; larger magnitudes are NaN.
    uint64 private constant INFINITY = 0x7f800000;
    uint64 private constant SIGN = 0x80000000;

    /// @notice Bytes of one element; 0 for an unknown code.
    function width(uint8 dtype) internal pure returns (uint256) {
        if (dtype == F32 || dtype == I32 || dtype == U32) return 4;
        if (dtype == U8 || dtype == I8 || dtype == BOOL) return 1;
        if (dtype == U16 || dtype == I16) return 2;
        if (dtype == I64 || dtype == U64) return 8;
        return 0;
    }

    /// @notice Maps an element to an integer that orders like its value; both zeros of f32 map to 0.
    /// @param bits The element in the low bytes.
    /// @return valid Whether `dtype` is known and `bits` is a canonical, finite value of it with no bits beyond its width.
    /// @return key Comparable among valid elements of the same dtype.
    function order(uint8 dtype, uint64 bits) internal pure returns (bool valid, int256 key) {
        uint256 bytes_ = width(dtype);
        if (bytes_ == 0 || uint256(bits) >> (8 * bytes_) != 0) return (false, 0);
        if (dtype == F32) {
            uint64 magnitude = bits & (SIGN - 1);
            if (magnitude >= INFINITY) return (false, 0);
            key = int256(uint256(magnitude));
            return (true, bits & SIGN == 0 ? key : -key);
        }
        if (dtype == BOOL) return (bits <= 1, int256(uint256(bits)));
        if (dtype == I8) return (true, int8(uint8(bits)));
        if (dtype == I16) return (true, int16(uint16(bits)));
        if (dtype == I32) return (true, int32(uint32(bits)));
        if (dtype == I64) return (true, int64(bits));
        return (true, int256(uint256(bits)));
    }

    /// @notice Whether an element lies in a domain: canonical, finite, and `lo <= element <= hi`.
    function inDomain(uint8 dtype, uint64 lo, uint64 hi, uint64 bits) internal pure returns (bool) {
        (bool valid, int256 key) = order(dtype, bits);
        if (!valid) return false;
        (, int256 low) = order(dtype, lo);
        (, int256 high) = order(dtype, hi);
        return low <= key && key <= high;
    }
}
