// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { PackedBuffer, PackedWriter } from "./PackedWriter.sol";

/// A guard without its coefficients. Passes where `0 <= form = q * divisor` and `q < extent`; adds `stride * q` to the address.
struct Guard {
    int256 divisor;
    int256 extent;
    int256 stride;
}

/// A view as rows read it.
struct ViewForms {
    int256 numel;
    Guard[] guards;
    /// Address without the guards' part, then each guard's form, at the start of the row.
    int256[] forms;
}

/// @title Reads one row of a view: a run of indices in its innermost loop
library RowReader {
    /// @notice Appends the elements of a row to a buffer.
    /// @param extent Indices in the row.
    /// @param steps What one index adds to each of the forms.
    /// @return Whether all addresses lie inside the tensor.
    function read(
        ViewForms memory view_,
        uint256 extent,
        int256[] memory steps,
        PackedBuffer memory buffer
    ) internal pure returns (bool) {
        unchecked {
            // The indices [low, high) pass all guards whose divisibility is the same all over the row; there
            // address + stride * i is read.
            int256 low;
            int256 high = int256(extent);
            int256 address_ = view_.forms[0];
            int256 stride = steps[0];
            bool irregular;
            for (uint256 g; g < view_.guards.length; ++g) {
                Guard memory guard = view_.guards[g];
                int256 quotient = view_.forms[g + 1] / guard.divisor;
                int256 step = steps[g + 1] / guard.divisor;
                if (step * guard.divisor != steps[g + 1]) {
                    irregular = true;
                    continue;
                }
                if (quotient * guard.divisor != view_.forms[g + 1]) {
                    high = 0;
                    break;
                }
                (low, high) = _narrow(low, high, quotient, step, guard.extent);
                address_ += guard.stride * quotient;
                stride += guard.stride * step;
            }
            if (low >= high) {
                PackedWriter.appendFill(buffer, extent);
                return true;
            }
            PackedWriter.appendFill(buffer, uint256(low));
            if (irregular) {
                if (!_readIrregular(view_, steps, buffer, low, high)) return false;
            } else {
                int256 last = address_ + stride * (high - 1);
                address_ += stride * low;
                if (address_ < 0 || address_ >= view_.numel || last < 0 || last >= view_.numel) return false;
                PackedWriter.append(buffer, uint256(address_), stride, uint256(high - low));
            }
            PackedWriter.appendFill(buffer, extent - uint256(high));
            return true;
        }
    }

    /// Index by index, where an index may or may not be divisible by a guard's divisor.
    function _readIrregular(
        ViewForms memory view_,
        int256[] memory steps,
        PackedBuffer memory buffer,
        int256 low,
        int256 high
    ) private pure returns (bool) {
        unchecked {
            for (; low < high; ++low) {
                int256 address_ = view_.forms[0] + steps[0] * low;
                bool passes = true;
                for (uint256 g; g < view_.guards.length && passes; ++g) {
                    Guard memory guard = view_.guards[g];
                    int256 form = view_.forms[g + 1] + steps[g + 1] * low;
                    int256 quotient = form / guard.divisor;
                    passes = form >= 0 && quotient * guard.divisor == form && quotient < guard.extent;
                    address_ += guard.stride * quotient;
                }
                if (!passes) {
                    PackedWriter.appendFill(buffer, 1);
                } else {
                    if (address_ < 0 || address_ >= view_.numel) return false;
                    PackedWriter.append(buffer, uint256(address_), 1, 1);
                }
            }
            return true;
        }
    }

    /// The part of [low, high) where 0 <= q + step * i < extent.
    function _narrow(
        int256 low,
        int256 high,
        int256 q,
        int256 step,
        int256 extent
    ) private pure returns (int256, int256) {
        unchecked {
            if (step == 0) return (low, q < 0 || q >= extent ? int256(0) : high);
            (int256 from, int256 to) = step > 0
                ? (-_floorDiv(q, step), _floorDiv(extent - 1 - q, step) + 1)
                : (-_floorDiv(extent - 1 - q, -step), _floorDiv(q, -step) + 1);
            return (from > low ? from : low, to < high ? to : high);
        }
    }

    /// Quotient rounded down; b > 0.
    function _floorDiv(int256 a, int256 b) private pure returns (int256 q) {
        unchecked {
            q = a / b;
            if (a < 0 && q * b != a) --q;
        }
    }
}
