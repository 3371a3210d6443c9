// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManager } from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import { IGovernance, Seats } from "../interfaces/IGovernance.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { NotAContract, ParameterOutOfBounds } from "../types/Errors.sol";

/// @title Governance
/// @notice See `IGovernance`.
contract Governance is IGovernance, AccessManager {
    /// @inheritdoc IGovernance
    uint64 public constant GOVERNOR = 1;
    /// @inheritdoc IGovernance
    uint64 public constant GUARDIAN = 2;
    /// @inheritdoc IGovernance
    uint64 public constant EMERGENCY = 3;

    /// Of the challenge manager.
    bytes4 private constant EMERGENCY_VOID = bytes4(keccak256("emergencyVoid(bytes32[])"));

    address private immutable DEPLOYER;

    bool private _handedOver;

    constructor(address deployer) AccessManager(deployer) {
        DEPLOYER = deployer;
    }

    /// @inheritdoc IGovernance
    function handOver(IHub hub, IModelRegistry registry, Seats calldata seats) external {
        require(msg.sender == DEPLOYER && !_handedOver, CannotHandOver(msg.sender));
        require(hub.isSealed(), NotAContract(hub.challengeManager()));
        uint32 unbonding = hub.stakingParams().unbonding;
        require(seats.adminDelay > unbonding, DelayTooShort(seats.adminDelay, unbonding));
        // An emergency has to be scheduled, seen and executed within one pause.
        uint32 longest = hub.MAX_PAUSE() / 2;
        require(
            seats.emergencyDelay <= longest,
            ParameterOutOfBounds("emergencyDelay", seats.emergencyDelay, 0, longest)
        );
        _handedOver = true;
        address governor = seats.governor == address(0) ? DEPLOYER : seats.governor;
        address guardian = seats.guardian == address(0) ? DEPLOYER : seats.guardian;

        _setTargetFunctionRole(address(hub), hub.proposeParameters.selector, GOVERNOR);
        _setTargetFunctionRole(address(hub), hub.addCurrency.selector, GOVERNOR);
        _setTargetFunctionRole(address(registry), registry.retireFormat.selector, GOVERNOR);
        _setTargetFunctionRole(address(hub), hub.pause.selector, GUARDIAN);
        _setTargetFunctionRole(address(hub), hub.unpause.selector, GUARDIAN);
        _setTargetFunctionRole(address(hub), hub.cancelProposal.selector, GUARDIAN);
        _setTargetFunctionRole(hub.challengeManager(), EMERGENCY_VOID, EMERGENCY);
        _setRoleGuardian(EMERGENCY, GUARDIAN);
        _grantRole(GOVERNOR, governor, 0, 0);
        _grantRole(GUARDIAN, guardian, 0, 0);
        _grantRole(EMERGENCY, governor, 0, seats.emergencyDelay);
        // Even where the deployer governs it begins anew, with the delay.
        _revokeRole(ADMIN_ROLE, DEPLOYER);
        _grantRole(ADMIN_ROLE, governor, 0, seats.adminDelay);
        emit HandedOver(address(hub), seats);
    }
}
