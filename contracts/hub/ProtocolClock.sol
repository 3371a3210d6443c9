// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManaged } from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import { IProtocolClock } from "../interfaces/IProtocolClock.sol";
import { ParameterOutOfBounds } from "../types/Errors.sol";

/// @title ProtocolClock
/// @notice See `IProtocolClock`.
/// @dev Neither the beginning nor the end of a pause by itself needs a transaction: both are times in the last pause's record,
/// from which everything is computed. Time never goes back and never moves faster than the chain's.
abstract contract ProtocolClock is IProtocolClock, AccessManaged {
    /// Chain times, and the seconds of all pauses before this one.
    struct Pause {
        uint48 begin;
        uint48 end;
        uint48 pausedBefore;
    }

    /// @inheritdoc IProtocolClock
    uint32 public constant MAX_PAUSE = 7 days;
    /// @inheritdoc IProtocolClock
    uint32 public constant MIN_RUN = 30 days;

    uint32 private constant MIN_EPOCH = 1 hours;
    /// Shorter than any unbonding that the parameters allow: an exit is ready only after the epoch of its request.
    uint32 private constant MAX_EPOCH = 3 days;

    /// @inheritdoc IProtocolClock
    uint32 public immutable EPOCH;

    /// Apart from the earlier ones, so that the time is read from one slot.
    Pause private _last;
    Pause[] private _earlier;

    constructor(uint32 epoch_) {
        require(
            epoch_ >= MIN_EPOCH && epoch_ <= MAX_EPOCH,
            ParameterOutOfBounds("epoch", epoch_, MIN_EPOCH, MAX_EPOCH)
        );
        EPOCH = epoch_;
    }

    /// @inheritdoc IProtocolClock
    function pause() external restricted {
        Pause memory last = _last;
        uint48 now_ = uint48(block.timestamp);
        require(last.end == 0 || now_ >= last.end + MIN_RUN, PauseTooSoon(last.end + MIN_RUN));
        if (last.end != 0) _earlier.push(last);
        _last = Pause({ begin: now_, end: now_ + MAX_PAUSE, pausedBefore: last.pausedBefore + last.end - last.begin });
        emit PauseBegun(msg.sender, now_ + MAX_PAUSE);
    }

    /// @inheritdoc IProtocolClock
    function unpause() external restricted {
        require(isPaused(), NotPaused());
        _last.end = uint48(block.timestamp);
        emit PauseEnded(msg.sender);
    }

    /// @inheritdoc IProtocolClock
    function runningTime() external view returns (uint48) {
        Pause memory last = _last;
        require(block.timestamp >= last.end, Paused(last.end));
        return _map(last, uint48(block.timestamp));
    }

    /// @inheritdoc IProtocolClock
    function requireRunning() external view {
        uint48 end = _last.end;
        require(block.timestamp >= end, Paused(end));
    }

    /// @inheritdoc IProtocolClock
    function timeAt(uint48 chainTime) external view returns (uint48) {
        if (chainTime > block.timestamp) return time();
        if (chainTime >= _last.begin) return _map(_last, chainTime);
        // The last pause that had begun by then; pauses are rare, so that few are ever looked at.
        for (uint256 i = _earlier.length; i > 0; --i) {
            if (chainTime >= _earlier[i - 1].begin) return _map(_earlier[i - 1], chainTime);
        }
        return chainTime;
    }

    /// @inheritdoc IProtocolClock
    function epoch() external view returns (uint32) {
        return uint32(time() / EPOCH);
    }

    /// @inheritdoc IProtocolClock
    function lastPause() external view returns (uint48 begin, uint48 end) {
        return (_last.begin, _last.end);
    }

    /// @inheritdoc IProtocolClock
    function time() public view returns (uint48) {
        return _map(_last, uint48(block.timestamp));
    }

    /// @inheritdoc IProtocolClock
    function isPaused() public view returns (bool) {
        return block.timestamp < _last.end;
    }

    /// Protocol time at `chainTime`, which lies after the beginning of `p` and not after that of the next pause.
    function _map(Pause memory p, uint48 chainTime) private pure returns (uint48) {
        uint48 until = chainTime < p.end ? chainTime : p.end;
        return chainTime - p.pausedBefore - (until - p.begin);
    }
}
