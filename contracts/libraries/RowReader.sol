// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { PackedBuffer, PackedWriter } from "./PackedWriter.sol";

/// A guard at some index. Passes where the form is divisible and lies in [0, top]; adds `stride * form / divisor` to the address.
struct Guard {
    int256 form;
    /// What the next index in a row adds to the form.
    int256 step;
    /// divisor * extent - 1
    int256 top;
    int256 stride;
    int256 divisor;
}

/// A view at the start of a row, which is a run of indices in the innermost loop.
struct RowView {
    int256 numel;
    /// Address without the guards' part, and what the next index in the row adds to it.
    int256 address_;
    int256 step;
    /// Memory from the first guard to the end of the last; a guard is five words in the order of the struct.
    uint256 guards;
    uint256 guardsEnd;
    /// Indices in the row.
    int256 extent;
    /// Whether some divisor is not 1. Then all forms are divisible again after `period` indices, if that is below the extent.
    bool divided;
    int256 period;
}

/// @title Reads one row of a view
library RowReader {
    uint256 private constant GUARD_BYTES = 160;

    /// @notice Gives a view its guards, in memory of their own. The view's extent is set.
    function setGuards(RowView memory view_, Guard[] memory guards) internal pure {
        unchecked {
            uint256 to;
            uint256 length = guards.length * GUARD_BYTES;
            assembly ("memory-safe") {
                to := mload(0x40)
                mstore(0x40, add(to, length))
            }
            (view_.guards, view_.guardsEnd, view_.period) = (to, to + length, 1);
            for (uint256 g; g < guards.length; ++g) {
                Guard memory guard = guards[g];
                assembly ("memory-safe") {
                    mcopy(to, guard, GUARD_BYTES)
                }
                to += GUARD_BYTES;
                if (guard.divisor == 1) continue;
                view_.divided = true;
                int256 own = guard.divisor / _gcd(guard.divisor, guard.step < 0 ? -guard.step : guard.step);
                // Beyond the row it does not matter how long a period is.
                int256 common = (view_.period / _gcd(view_.period, own)) * own;
                view_.period = common < view_.extent ? common : view_.extent;
            }
        }
    }

    /// @notice Moves a view to another row.
    /// @param steps What to add to the address, then to the form of each guard.
    function advance(RowView memory view_, int256[] memory steps) internal pure {
        unchecked {
            view_.address_ += steps[0];
            (uint256 guard, uint256 end) = (view_.guards, view_.guardsEnd);
            assembly ("memory-safe") {
                let step := add(steps, 64)
                for {} lt(guard, end) {
                    guard := add(guard, GUARD_BYTES)
                } {
                    mstore(guard, add(mload(guard), mload(step)))
                    step := add(step, 32)
                }
            }
        }
    }

    /// @notice Appends the elements of a row to a buffer.
    /// @return Whether all addresses lie inside the tensor.
    function read(RowView memory view_, PackedBuffer memory buffer) internal pure returns (bool) {
        unchecked {
            // The indices [first, end) at which every form lies in its range.
            int256 first;
            int256 end = view_.extent;
            int256 address_ = view_.address_;
            int256 stride = view_.step;
            uint256 guardsEnd = view_.guardsEnd;
            for (uint256 guard = view_.guards; guard < guardsEnd; guard += GUARD_BYTES) {
                (int256 form, int256 step, int256 top, int256 weight) = _guardAt(guard);
                (first, end) = _narrow(first, end, form, step, top);
                address_ += weight * form;
                stride += weight * step;
            }
            if (first >= end) {
                PackedWriter.appendFill(buffer, uint256(view_.extent));
                return true;
            }
            if (view_.divided) return _readDivided(view_, buffer, first, end);
            int256 last = address_ + stride * (end - 1);
            address_ += stride * first;
            if (!_areInside(view_.numel, address_, last)) return false;
            if (first != 0) PackedWriter.appendFill(buffer, uint256(first));
            PackedWriter.append(buffer, uint256(address_), stride, uint256(end - first));
            if (end != view_.extent) PackedWriter.appendFill(buffer, uint256(view_.extent - end));
            return true;
        }
    }

    /// The part [first, end) of a row in which divisors decide; what is before and behind it is filled too.
    function _readDivided(
        RowView memory view_,
        PackedBuffer memory buffer,
        int256 first,
        int256 end
    ) private pure returns (bool) {
        unchecked {
            uint256 row = buffer.next;
            PackedWriter.appendFill(buffer, uint256(view_.extent));
            first = _firstDivisible(view_, first, end);
            if (first == end) return true;
            int256 period = view_.period;
            int256 address_ = view_.address_ + view_.step * first;
            int256 stride = view_.step * period;
            for (uint256 guard = view_.guards; guard < view_.guardsEnd; guard += GUARD_BYTES) {
                (int256 form, int256 step, , int256 weight) = _guardAt(guard);
                int256 divisor = _divisorAt(guard);
                address_ += (weight * (form + step * first)) / divisor;
                // Where the period is cut to the row there is one element, and the stride does not matter.
                stride += (weight * (step * period)) / divisor;
            }
            int256 count = (end - first + period - 1) / period;
            if (!_areInside(view_.numel, address_, address_ + stride * (count - 1))) return false;
            uint256 to = row + uint256(first) * buffer.width;
            PackedWriter.scatter(buffer, to, uint256(period), uint256(address_), stride, uint256(count));
            return true;
        }
    }

    /// The part of [first, end) in which form + step * index lies in [0, top].
    function _narrow(
        int256 first,
        int256 end,
        int256 form,
        int256 step,
        int256 top
    ) private pure returns (int256, int256) {
        unchecked {
            int256 room = top - form;
            if (step == 0) return (first, form < 0 || room < 0 ? int256(0) : end);
            // Upwards the form has to reach 0 and must not pass the top; downwards it is the other way round.
            if (step < 0) (form, room, step) = (room, form, -step);
            int256 from = form < 0 ? (step - 1 - form) / step : int256(0);
            int256 to = room < 0 ? int256(0) : room / step + 1;
            return (from > first ? from : first, to < end ? to : end);
        }
    }

    /// The first index from `first` on at which all forms are divisible; `end` if there is none before it.
    function _firstDivisible(RowView memory view_, int256 first, int256 end) private pure returns (int256) {
        unchecked {
            int256 limit = first + view_.period < end ? first + view_.period : end;
            for (; first < limit; ++first) {
                bool divisible = true;
                for (uint256 guard = view_.guards; guard < view_.guardsEnd && divisible; guard += GUARD_BYTES) {
                    (int256 form, int256 step, , ) = _guardAt(guard);
                    divisible = (form + step * first) % _divisorAt(guard) == 0;
                }
                if (divisible) return first;
            }
            return end;
        }
    }

    function _areInside(int256 numel, int256 a, int256 b) private pure returns (bool) {
        // Negative numbers are the largest unsigned ones.
        return uint256(a) < uint256(numel) && uint256(b) < uint256(numel);
    }

    function _guardAt(uint256 guard) private pure returns (int256 form, int256 step, int256 top, int256 stride) {
        assembly ("memory-safe") {
            form := mload(guard)
            step := mload(add(guard, 32))
            top := mload(add(guard, 64))
            stride := mload(add(guard, 96))
        }
    }

    function _divisorAt(uint256 guard) private pure returns (int256 divisor) {
        assembly ("memory-safe") {
            divisor := mload(add(guard, 128))
        }
    }

    /// Greatest common divisor; a > 0, b >= 0.
    function _gcd(int256 a, int256 b) private pure returns (int256) {
        unchecked {
            while (b != 0) (a, b) = (b, a % b);
            return a;
        }
    }
}
