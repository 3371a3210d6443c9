// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { IHub } from "../interfaces/IHub.sol";
import { PaymentRefused, ZeroAddress } from "../types/Errors.sol";

/// @title DelegatorFees
/// @notice See `IDelegatorFees`.
/// @dev Per currency an accumulator counts what one share has earned since the pool began. A holder that was last settled at
/// `mark` has earned its shares times the difference.
contract DelegatorFees is IDelegatorFees, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// The accumulators count in units of 2^-128.
    uint256 private constant UNIT = 1 << 128;

    struct EarningPool {
        uint128 total;
        mapping(address holder => uint128) shares;
        mapping(address currency => uint256) perShare;
        mapping(address holder => mapping(address currency => uint256)) marks;
    }

    IHub private immutable HUB;
    address private immutable STAKING;

    mapping(address operator => mapping(uint32 generation => EarningPool)) private _pools;
    mapping(address operator => uint32) private _generations;
    mapping(address account => mapping(address currency => uint256)) private _credits;

    modifier onlyStaking() {
        require(msg.sender == STAKING, NotStaking(msg.sender, STAKING));
        _;
    }

    constructor(IHub hub_) {
        HUB = hub_;
        STAKING = msg.sender;
    }

    /// @inheritdoc IDelegatorFees
    function credit(address operator, address currency, uint256 amount) external payable nonReentrant {
        require(HUB.mayLock(msg.sender), NotLocker(msg.sender));
        require(HUB.isCurrency(currency), UnknownCurrency(currency));
        uint32 generation = _generations[operator];
        EarningPool storage pool = _pools[operator][generation];
        uint128 total = pool.total;
        if (total == 0) {
            _credits[operator][currency] += amount;
            emit FeesWithoutDelegators(operator, currency, amount);
        } else {
            pool.perShare[currency] += Math.mulDiv(amount, UNIT, total);
            emit FeesCredited(operator, generation, currency, msg.sender, amount);
        }
        _pull(currency, amount);
    }

    /// @inheritdoc IDelegatorFees
    /// @dev Refused in the middle of a credit, which is judged by balances, but not in a credit's way: a job that ended in the
    /// middle of a payment would find its delegators' part refused.
    function collect(
        address operator,
        uint32 generation,
        address currency,
        address receiver
    ) external nonReentrantView {
        require(receiver != address(0), ZeroAddress());
        HUB.requireRunning();
        _settle(_pools[operator][generation], msg.sender, currency);
        uint256 amount = _credits[msg.sender][currency];
        require(amount != 0, NothingToCollect(msg.sender, currency));
        _credits[msg.sender][currency] = 0;
        emit FeesCollected(msg.sender, currency, receiver, amount);
        if (currency != address(0)) IERC20(currency).safeTransfer(receiver, amount);
        else require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
    }

    /// @inheritdoc IDelegatorFees
    function setShares(address operator, uint32 generation, address holder, uint128 shares) external onlyStaking {
        EarningPool storage pool = _pools[operator][generation];
        address[] memory currencies = HUB.currencies();
        for (uint256 i; i < currencies.length; ++i) _settle(pool, holder, currencies[i]);
        if (generation > _generations[operator]) _generations[operator] = generation;
        pool.total = pool.total - pool.shares[holder] + shares;
        pool.shares[holder] = shares;
        emit SharesChanged(operator, generation, holder, shares);
    }

    /// @inheritdoc IDelegatorFees
    function earned(
        address operator,
        uint32 generation,
        address currency,
        address account
    ) external view returns (uint256) {
        return _credits[account][currency] + _accrued(_pools[operator][generation], account, currency);
    }

    /// @inheritdoc IDelegatorFees
    function sharesOf(
        address operator,
        uint32 generation,
        address holder
    ) external view returns (uint128 held, uint128 total) {
        EarningPool storage pool = _pools[operator][generation];
        return (pool.shares[holder], pool.total);
    }

    /// @inheritdoc IDelegatorFees
    function staking() external view returns (address) {
        return STAKING;
    }

    /// @inheritdoc IDelegatorFees
    function hub() external view returns (IHub) {
        return HUB;
    }

    function _settle(EarningPool storage pool, address holder, address currency) private {
        uint256 accrued = _accrued(pool, holder, currency);
        if (accrued != 0) _credits[holder][currency] += accrued;
        uint256 perShare = pool.perShare[currency];
        if (pool.marks[holder][currency] != perShare) pool.marks[holder][currency] = perShare;
    }

    function _accrued(EarningPool storage pool, address holder, address currency) private view returns (uint256) {
        uint256 gained = pool.perShare[currency] - pool.marks[holder][currency];
        return gained == 0 ? 0 : Math.mulDiv(pool.shares[holder], gained, UNIT);
    }

    /// Takes in exactly `amount`.
    function _pull(address currency, uint256 amount) private {
        uint256 expected = currency == address(0) ? amount : 0;
        require(msg.value == expected, WrongAmount(expected, msg.value));
        if (currency == address(0)) return;
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(currency).balanceOf(address(this)) - before;
        require(received == amount, WrongAmount(amount, received));
    }
}
