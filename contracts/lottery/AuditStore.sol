// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IAuditLottery } from "../interfaces/IAuditLottery.sol";
import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { Audit, Seat } from "../types/Audit.sol";
import { NotAContract } from "../types/Errors.sol";

/// @title What the lottery stores, and who its peers are
/// @dev Invariant: a seat has a standing lock exactly while it is picked or committed.
abstract contract AuditStore is IAuditLottery {
    IHub internal immutable HUB;
    IOperatorStaking internal immutable STAKING;
    IOperatorProfiles internal immutable PROFILES;
    IJobEscrow internal immutable JOBS;
    IChallengeManager internal immutable CHALLENGES;

    mapping(bytes32 jobId => Audit) internal _audits;
    mapping(bytes32 seatId => Seat) internal _seats;

    constructor(IJobEscrow jobs_, IChallengeManager challenges_) {
        require(address(jobs_).code.length != 0, NotAContract(address(jobs_)));
        require(address(challenges_).code.length != 0, NotAContract(address(challenges_)));
        JOBS = jobs_;
        CHALLENGES = challenges_;
        STAKING = jobs_.staking();
        PROFILES = STAKING.profiles();
        HUB = STAKING.hub();
        address staking = address(challenges_.staking());
        require(staking == address(STAKING), ForeignPeer(address(challenges_), staking));
    }

    /// @inheritdoc IAuditLottery
    function audit(bytes32 jobId) external view returns (Audit memory) {
        return _audits[jobId];
    }

    /// @inheritdoc IAuditLottery
    function seat(bytes32 seatId) external view returns (Seat memory) {
        return _seats[seatId];
    }

    /// @inheritdoc IAuditLottery
    function jobs() external view returns (IJobEscrow) {
        return JOBS;
    }

    /// @inheritdoc IAuditLottery
    function challenges() external view returns (IChallengeManager) {
        return CHALLENGES;
    }

    /// @inheritdoc IAuditLottery
    function seatIdOf(bytes32 jobId, address auditor) public pure returns (bytes32) {
        return keccak256(abi.encode(jobId, auditor));
    }
}
