// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Checkpoints } from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import { IHub } from "../interfaces/IHub.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { OperatorTerms } from "../types/Stake.sol";

/// @title OperatorProfiles
/// @notice See `IOperatorProfiles`. Deployed by the staking contract.
contract OperatorProfiles is IOperatorProfiles {
    using Checkpoints for Checkpoints.Trace208;

    uint16 private constant WHOLE = 10_000;

    IHub private immutable HUB;
    IOperatorStaking private immutable STAKING;

    mapping(address operator => address) private _workers;
    mapping(address operator => address) private _pendingWorkers;
    mapping(address worker => address operator) private _operators;
    /// Workers by the chain time from which they were in office: signatures carry chain times.
    mapping(address operator => Checkpoints.Trace208) private _history;
    /// One slot.
    mapping(address operator => OperatorTerms) private _terms;

    constructor(IHub hub_) {
        HUB = hub_;
        STAKING = IOperatorStaking(msg.sender);
    }

    // ------------------------------------------------------------------- keys

    /// @inheritdoc IOperatorProfiles
    function proposeWorker(address worker) external {
        if (worker == msg.sender) {
            _setWorker(msg.sender, worker);
        } else {
            _pendingWorkers[msg.sender] = worker;
            emit WorkerProposed(msg.sender, worker);
        }
    }

    /// @inheritdoc IOperatorProfiles
    function acceptWorker(address operator) external {
        require(_pendingWorkers[operator] == msg.sender, WorkerNotProposed(operator, msg.sender));
        _pendingWorkers[operator] = address(0);
        _setWorker(operator, msg.sender);
    }

    /// @inheritdoc IOperatorProfiles
    function dropWorker() external {
        address previous = _workers[msg.sender];
        require(previous != address(0), NoWorker(msg.sender));
        delete _operators[previous];
        _appoint(msg.sender, previous, address(0));
    }

    // ------------------------------------------------------------------ terms

    /// @inheritdoc IOperatorProfiles
    function setPayout(address payout) external {
        _terms[msg.sender].payout = payout;
        emit PayoutChanged(msg.sender, payoutOf(msg.sender));
    }

    /// @inheritdoc IOperatorProfiles
    function setCommission(uint16 commission) external {
        require(commission <= WHOLE, CommissionTooHigh(commission, WHOLE));
        OperatorTerms storage terms = _terms[msg.sender];
        terms.commission = commissionOf(msg.sender);
        terms.nextCommission = commission;
        uint48 effectiveAt = HUB.time() + HUB.stakingParams().commissionDelay;
        terms.commissionAt = effectiveAt;
        emit CommissionAnnounced(msg.sender, commission, effectiveAt);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOperatorProfiles
    function feeSplit(address operator, uint256 fee) external view returns (address payout, uint256 toDelegators) {
        payout = payoutOf(operator);
        (uint96 own, uint96 delegated) = STAKING.activeStake(operator);
        if (delegated == 0) return (payout, 0);
        uint256 shared = fee - (fee * commissionOf(operator)) / WHOLE;
        toDelegators = (shared * delegated) / (uint256(own) + delegated);
    }

    /// @inheritdoc IOperatorProfiles
    function workerOf(address operator) external view returns (address) {
        return _workers[operator];
    }

    /// @inheritdoc IOperatorProfiles
    function workerAt(address operator, uint48 chainTime) external view returns (address) {
        return address(uint160(_history[operator].upperLookupRecent(chainTime)));
    }

    /// @inheritdoc IOperatorProfiles
    function pendingWorkerOf(address operator) external view returns (address) {
        return _pendingWorkers[operator];
    }

    /// @inheritdoc IOperatorProfiles
    function operatorOf(address worker) external view returns (address) {
        return _operators[worker];
    }

    /// @inheritdoc IOperatorProfiles
    function termsOf(address operator) external view returns (OperatorTerms memory terms) {
        terms = _terms[operator];
        terms.payout = payoutOf(operator);
        terms.commission = commissionOf(operator);
    }

    /// @inheritdoc IOperatorProfiles
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IOperatorProfiles
    function hub() external view returns (IHub) {
        return HUB;
    }

    /// @inheritdoc IOperatorProfiles
    function payoutOf(address operator) public view returns (address) {
        address payout = _terms[operator].payout;
        return payout == address(0) ? operator : payout;
    }

    /// @inheritdoc IOperatorProfiles
    function commissionOf(address operator) public view returns (uint16) {
        OperatorTerms storage terms = _terms[operator];
        (uint16 current, uint16 next) = (terms.commission, terms.nextCommission);
        // Most operators change it rarely: the time is read only where both differ.
        return current == next || HUB.time() < terms.commissionAt ? current : next;
    }

    // --------------------------------------------------------------- internal

    function _setWorker(address operator, address worker) private {
        address holder = _operators[worker];
        require(holder == address(0), WorkerTaken(worker, holder));
        address previous = _workers[operator];
        if (previous != address(0)) delete _operators[previous];
        _operators[worker] = operator;
        _appoint(operator, previous, worker);
    }

    function _appoint(address operator, address previous, address worker) private {
        _workers[operator] = worker;
        // From the next second on: in this one, blocks may come in which the key that leaves has signed already.
        _history[operator].push(uint48(block.timestamp) + 1, uint160(worker));
        emit WorkerChanged(operator, previous, worker);
    }
}
