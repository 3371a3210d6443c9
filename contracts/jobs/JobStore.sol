// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOfferBook } from "../interfaces/IOfferBook.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { ClaimStatus } from "../types/Claim.sol";
import { NotAContract } from "../types/Errors.sol";
import { JobTerms } from "../types/Job.sol";

/// @title What the job escrow stores, and who its peers are
/// @dev Invariants: the balance in each currency is at least the fees of all jobs that are drawing, assigned or answered, plus
/// all credits and the audit pool; a job has a standing lock exactly while it is assigned or answered.
abstract contract JobStore is IJobEscrow {
    /// What all jobs write first, in one slot; the answer writes the second. The rest of a job is in its terms.
    struct Record {
        address operator;
        /// While assigned, the answer's deadline; from then on the challenge deadline.
        uint40 due;
        uint24 openChallenges;
        /// Low bits of the number of the block with the answer, for the audit lottery.
        uint16 answeredIn;
        ClaimStatus status;
        /// Its operator was drawn.
        bool drawn;
        bytes32 outputsRoot;
    }

    /// What a dispute needs of the terms.
    struct Dispute {
        address consumer;
        uint80 fee;
        uint16 auditShare;
        address currency;
        uint96 gasFees;
        bytes32 modelId;
        bytes32 inputsRoot;
    }

    IHub internal immutable HUB;
    IModelRegistry internal immutable REGISTRY;
    IOperatorStaking internal immutable STAKING;
    IOperatorProfiles internal immutable PROFILES;
    IDelegatorFees internal immutable FEES;
    IOfferBook internal immutable BOOK;
    ITraceVerifier internal immutable VERIFIER;
    address internal immutable CHALLENGE_MANAGER;

    mapping(bytes32 jobId => Record) internal _records;
    mapping(bytes32 jobId => Dispute) internal _disputes;
    mapping(bytes32 jobId => bool) internal _undelivered;
    mapping(address consumer => uint64) internal _nonces;

    constructor(IOfferBook offerBook_, ITraceVerifier verifier_, IFinality challengeManager_) {
        require(address(offerBook_).code.length != 0, NotAContract(address(offerBook_)));
        require(address(verifier_).code.length != 0, NotAContract(address(verifier_)));
        require(address(challengeManager_).code.length != 0, NotAContract(address(challengeManager_)));
        BOOK = offerBook_;
        VERIFIER = verifier_;
        REGISTRY = offerBook_.registry();
        STAKING = offerBook_.staking();
        HUB = STAKING.hub();
        PROFILES = STAKING.profiles();
        FEES = STAKING.delegatorFees();
        CHALLENGE_MANAGER = address(challengeManager_);
        address managerHub = address(challengeManager_.hub());
        require(managerHub == address(HUB), ForeignHub(address(HUB), managerHub));
    }

    /// The job of these terms, in the state that a call needs.
    function _jobIn(
        JobTerms calldata terms,
        ClaimStatus needed
    ) internal view returns (bytes32 jobId, Record storage record) {
        jobId = _idOf(terms);
        record = _records[jobId];
        require(record.status == needed, WrongStatus(jobId, record.status, needed));
    }

    function _idOf(JobTerms memory terms) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms));
    }
}
