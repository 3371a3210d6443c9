// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IAuditLottery } from "../interfaces/IAuditLottery.sol";
import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { IOfferBook } from "../interfaces/IOfferBook.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { IReceiptEscrow } from "../interfaces/IReceiptEscrow.sol";
import { Challenge, ChallengeStatus } from "../types/Challenge.sol";
import { NotAContract } from "../types/Errors.sol";
import { Exit } from "../types/Stake.sol";
import {
    ChallengerAccount,
    Credit,
    Delegation,
    Earning,
    IAccountLens,
    OperatorAccount,
    Owed,
    PostedOffer,
    QueuedExit,
    RetiredPosition
} from "./IAccountLens.sol";

/// @title What accounts have and are owed
contract AccountLens is IAccountLens {
    IJobEscrow private immutable JOBS;
    IReceiptEscrow private immutable RECEIPTS;
    IChallengeManager private immutable CHALLENGES;
    IAuditLottery private immutable LOTTERY;
    IOfferBook private immutable OFFERS;
    IOperatorStaking private immutable STAKING;
    IOperatorProfiles private immutable PROFILES;
    IDelegatorFees private immutable FEES;
    IHub private immutable HUB;

    constructor(IJobEscrow jobs, IReceiptEscrow receipts, IChallengeManager challenges, IAuditLottery lottery) {
        require(address(jobs).code.length != 0, NotAContract(address(jobs)));
        require(address(receipts).code.length != 0, NotAContract(address(receipts)));
        require(address(challenges).code.length != 0, NotAContract(address(challenges)));
        require(address(lottery).code.length != 0, NotAContract(address(lottery)));
        IOperatorStaking staking = jobs.staking();
        require(address(receipts.staking()) == address(staking), ForeignPeer(address(receipts), address(staking)));
        require(address(challenges.staking()) == address(staking), ForeignPeer(address(challenges), address(staking)));
        require(lottery.jobs() == jobs, ForeignPeer(address(lottery), address(staking)));
        JOBS = jobs;
        RECEIPTS = receipts;
        CHALLENGES = challenges;
        LOTTERY = lottery;
        OFFERS = jobs.offerBook();
        STAKING = staking;
        PROFILES = staking.profiles();
        FEES = staking.delegatorFees();
        HUB = staking.hub();
    }

    /// @inheritdoc IAccountLens
    function operatorAccount(address operator) external view returns (OperatorAccount memory a) {
        a.own = STAKING.ownPool(operator);
        a.delegated = STAKING.delegatedPool(operator);
        a.freeStake = STAKING.freeStake(operator);
        a.stake = STAKING.stakeOf(operator);
        a.draws = STAKING.drawStake(operator);
        a.epoch = HUB.epoch();
        a.drawWeight = STAKING.drawStakeOf(operator, a.epoch);
        (a.reserved, a.reservationCap) = RECEIPTS.reservedBy(operator);
        a.conduct = STAKING.conductOf(operator);
        if (a.conduct.jailed) a.releaseFee = HUB.stakingParams().releaseFee;
        a.worker = PROFILES.workerOf(operator);
        a.pendingWorker = PROFILES.pendingWorkerOf(operator);
        a.terms = PROFILES.termsOf(operator);
        a.commission = PROFILES.commissionOf(operator);
        a.exitCount = STAKING.position(operator, operator).exitCount;
        a.owner = owedTo(operator);
        a.payout = owedTo(a.terms.payout);
        a.hotKey = owedTo(a.worker);
    }

    /// @inheritdoc IAccountLens
    function delegation(address operator, address holder) external view returns (Delegation memory d) {
        // An owner's deposits are its own stake: it delegates nothing to itself.
        if (holder == operator) return d;
        d.position = STAKING.position(operator, holder);
        d.generation = STAKING.delegatedPool(operator).generation;
        (d.earningShares, d.allEarningShares) = FEES.sharesOf(operator, d.generation, holder);
        d.earnings = _earnings(operator, d.generation, holder);
    }

    /// @inheritdoc IAccountLens
    function challengerAccount(
        address account,
        bytes32[] calldata challengeIds
    ) external view returns (ChallengerAccount memory a) {
        a.owed = owedTo(account);
        for (uint256 i; i < challengeIds.length; ++i) {
            Challenge memory c = CHALLENGES.challenge(challengeIds[i]);
            bool stands = c.status == ChallengeStatus.Open || c.status == ChallengeStatus.Upheld;
            if (c.challenger != account || !stands) continue;
            ++a.standing;
            a.bonds += c.bond;
            a.paid += c.paid;
            a.held += c.held;
            a.outstanding += c.outstanding;
        }
    }

    /// @inheritdoc IAccountLens
    function exits(
        address operator,
        address holder,
        uint32 start,
        uint32 count
    ) external view returns (QueuedExit[] memory page, uint32 next) {
        uint256 length;
        (length, next) = _page(start, count, STAKING.position(operator, holder).exitCount);
        QueuedExit[] memory found = new QueuedExit[](length);
        bool running = !HUB.isPaused();
        uint48 time = HUB.time();
        uint256 kept;
        for (uint32 i; i < length; ++i) {
            Exit memory exit = STAKING.exit(operator, holder, start + i);
            if (exit.readyAt == 0) continue;
            found[kept] = QueuedExit(start + i, exit, running && exit.unlocked && time >= exit.readyAt);
            ++kept;
        }
        page = new QueuedExit[](kept);
        for (uint256 i; i < kept; ++i) page[i] = found[i];
    }

    /// @inheritdoc IAccountLens
    function retiredPositions(
        address operator,
        address holder,
        uint32 start,
        uint32 count
    ) external view returns (RetiredPosition[] memory page, uint32 next) {
        bool own = holder == operator;
        uint256 length;
        uint32 generations = (own ? STAKING.ownPool(operator) : STAKING.delegatedPool(operator)).generation;
        (length, next) = _page(start, count, generations);
        page = new RetiredPosition[](length);
        for (uint32 i; i < length; ++i) {
            page[i].generation = start + i;
            page[i].amount = STAKING.retiredPosition(operator, holder, start + i);
            if (!own) page[i].earnings = _earnings(operator, start + i, holder);
        }
    }

    /// @inheritdoc IAccountLens
    function offersOf(
        address operator,
        bytes32[] calldata modelIds
    ) external view returns (PostedOffer[] memory offers) {
        offers = new PostedOffer[](modelIds.length);
        for (uint256 i; i < modelIds.length; ++i) {
            offers[i].modelId = modelIds[i];
            (offers[i].offer, offers[i].waiting) = OFFERS.offerOf(operator, modelIds[i]);
        }
    }

    /// @inheritdoc IAccountLens
    function owedTo(address account) public view returns (Owed memory owed) {
        owed.account = account;
        owed.challenges = CHALLENGES.creditOf(account);
        owed.rewards = STAKING.rewardOf(account);
        address[] memory currencies = HUB.currencies();
        owed.fees = new Credit[](currencies.length);
        for (uint256 i; i < currencies.length; ++i) {
            address currency = currencies[i];
            owed.fees[i] = Credit({
                currency: currency,
                jobs: JOBS.creditOf(currency, account),
                receipts: RECEIPTS.creditOf(currency, account),
                audits: LOTTERY.earned(account, currency)
            });
        }
    }

    function _earnings(
        address operator,
        uint32 generation,
        address holder
    ) private view returns (Earning[] memory earnings) {
        address[] memory currencies = HUB.currencies();
        earnings = new Earning[](currencies.length);
        for (uint256 i; i < currencies.length; ++i) {
            earnings[i] = Earning(currencies[i], FEES.earned(operator, generation, currencies[i], holder));
        }
    }

    /// The part of `total` entries that a page has, and where the next page starts.
    function _page(uint32 start, uint32 count, uint32 total) private pure returns (uint256 length, uint32 next) {
        if (start >= total) return (0, 0);
        length = Math.min(count, total - start);
        if (length < total - start) next = start + uint32(length);
    }
}
