// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { IDelegatorFees } from "../../contracts/interfaces/IDelegatorFees.sol";
import { IOperatorStaking } from "../../contracts/interfaces/IOperatorStaking.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Reward } from "../../contracts/types/Reward.sol";
import { Exit, Position } from "../../contracts/types/Stake.sol";
import { Broken, CHEATS } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";
import { Sequences } from "./Sequences.sol";

/// @notice Any sequence of delegations, exits, slashes, credits and collections pays delegators what was credited while they
/// had shares, in proportion, and no wei more. Entitlements are counted beside the contract, in 2^-64 of a wei, from the shares
/// that staking knows. The contract is the claim source.
contract DelegatorFeeSumsTest is Sequences {
    uint256 private constant SCALE = 1 << 64;
    uint256 private constant HOLDERS = 3;
    address private constant NATIVE = address(0);
    /// Nobody delegates to it: what an account has earned there is what was settled for it everywhere.
    address private constant NOBODY = address(0xDEAD);

    address[2] private _operators = [address(0xA11CE), address(0xB0B)];
    address[HOLDERS] private _holders = [address(0xD1), address(0xD2), address(0xD3)];

    /// Read by the hub when it is sealed: the test is the challenge manager too.
    Hub public hub;
    OperatorStaking private _staking;
    TestToken private _token;
    IDelegatorFees private _fees;

    mapping(address currency => uint256) private _credited;
    /// Credited where nobody had a share.
    mapping(address operator => mapping(address currency => uint256)) private _leftToOperator;
    mapping(address currency => uint256) private _paid;
    mapping(address holder => mapping(address currency => uint256)) private _received;
    /// What each should have of all credits so far, times `SCALE`.
    mapping(address holder => mapping(address currency => uint256)) private _entitled;
    /// Claims after the step before.
    mapping(address holder => mapping(address currency => uint256)) private _before;
    uint256 private _credits;
    uint256 private _locks;
    /// Whether the step credits or pays; all others must leave every claim as it is.
    bool private _paying;

    function setUp() public {
        hub = Hubs.create(address(this));
        _token = new TestToken(address(this), 1e30, 0, 0);
        hub.addCurrency(address(_token));
        _staking = new OperatorStaking(_token, hub, true);
        _fees = _staking.delegatorFees();
        address[] memory sources = new address[](1);
        sources[0] = address(this);
        hub.seal(address(this), sources, new address[](0));
        _token.approve(address(_fees), type(uint256).max);
        for (uint256 i; i < HOLDERS; ++i) _fund(_holders[i]);
        for (uint256 i; i < 2; ++i) {
            _fund(_operators[i]);
            CHEATS.prank(_operators[i]);
            _staking.deposit(_operators[i], 1e15);
        }
    }

    function challengeManager() external view returns (address) {
        return address(this);
    }

    receive() external payable {}

    function name() public pure override returns (string memory) {
        return "DelegatorFeeSums";
    }

    function _functions() internal pure override returns (bytes4[] memory selectors) {
        selectors = new bytes4[](8);
        selectors[0] = IOperatorStaking.deposit.selector;
        selectors[1] = IOperatorStaking.requestExit.selector;
        selectors[2] = IOperatorStaking.requestFullExit.selector;
        selectors[3] = IOperatorStaking.cancelExit.selector;
        selectors[4] = IOperatorStaking.lock.selector;
        selectors[5] = IOperatorStaking.slash.selector;
        selectors[6] = IDelegatorFees.credit.selector;
        selectors[7] = IDelegatorFees.collect.selector;
    }

    function _remember() internal override {
        _paying = false;
    }

    function _step(uint256 seed) internal override {
        address operator = _operators[seed & 1];
        address holder = _holders[(seed >> 1) % HOLDERS];
        uint256 action = (seed >> 8) % 10;
        uint256 pick = seed >> 64;
        if (action <= 1) _delegate(operator, holder, pick);
        else if (action == 2) _exit(operator, holder, pick);
        else if (action == 3) _cancel(operator, holder, pick);
        else if (action == 4) _slash(operator, pick);
        else if (action == 5) _wait(pick % 2 days);
        else if (action <= 8) _credit(operator, _currency(pick & 1), pick);
        else _collect(operator, holder, _currency(pick & 1), pick);
    }

    function _delegate(address operator, address holder, uint256 pick) private {
        uint256 amount = 9 + (pick % ((pick >> 128) % 3 == 0 ? 1e18 : 1000));
        // A worn-out pool that still backs a lock would refuse; none stands between two steps.
        bytes memory data = abi.encodeCall(IOperatorStaking.deposit, (operator, amount));
        bool done = _call(holder, address(_staking), data, amount >= 10);
        require(done == (amount >= 10), Broken(1, "delegation refused, or too small"));
    }

    function _exit(address operator, address holder, uint256 pick) private {
        Position memory held = _staking.position(operator, holder);
        bool all = (pick >> 128) % 2 == 0;
        uint256 amount = pick % (uint256(held.amount) + 2);
        bool due = all ? held.shares != 0 : amount != 0 && amount <= held.amount;
        bytes memory data =
            all
                ? abi.encodeCall(IOperatorStaking.requestFullExit, (operator))
                : abi.encodeCall(IOperatorStaking.requestExit, (operator, amount));
        require(_call(holder, address(_staking), data, due) == due, Broken(22, "exit refused, or above the stake"));
    }

    function _cancel(address operator, address holder, uint256 pick) private {
        uint32 count = _staking.position(operator, holder).exitCount;
        uint32 exitId = uint32(pick % (uint256(count) + 1));
        Exit memory queued = _staking.exit(operator, holder, exitId);
        // Refused where it was cancelled before, or its pool has retired.
        bool due = queued.readyAt != 0 && queued.generation == _generation(operator);
        bytes memory data = abi.encodeCall(IOperatorStaking.cancelExit, (operator, exitId));
        require(
            _call(holder, address(_staking), data, due) == due,
            Broken(22, "cancellation refused, or a second one")
        );
    }

    /// Takes a part of the operator's stake, sometimes all of it, so that pools wear out and retire.
    function _slash(address operator, uint256 pick) private {
        uint256 free = _staking.freeStake(operator);
        if (free == 0) return;
        uint96 amount = uint96((pick >> 128) % 2 == 0 ? free : 1 + (pick % free));
        bytes32 lockId = bytes32(++_locks);
        bytes memory data = abi.encodeCall(IOperatorStaking.lock, (operator, lockId, amount));
        require(_call(address(this), address(_staking), data, true), Broken(5, "lock refused"));
        data = abi.encodeCall(IOperatorStaking.slash, (operator, lockId, new Reward[](0)));
        require(_call(address(this), address(_staking), data, true), Broken(12, "slash refused"));
        data = abi.encodeCall(IOperatorStaking.deposit, (operator, 1e15));
        require(_call(operator, address(_staking), data, true), Broken(1, "deposit refused"));
    }

    function _credit(address operator, address currency, uint256 pick) private {
        // Sometimes by somebody without the right.
        bool due = (pick >> 160) % 8 != 0;
        uint256 amount = pick % ((pick >> 128) % 3 == 0 ? 1e18 : 50);
        address source = due ? address(this) : operator;
        uint256 value = currency == NATIVE ? amount : 0;
        if (value != 0) CHEATS.deal(source, value);
        uint256 total;
        for (uint256 i; i < HOLDERS; ++i) total += _staking.position(operator, _holders[i]).shares;
        bytes memory data = abi.encodeCall(IDelegatorFees.credit, (operator, currency, amount));
        (bool done, ) = _call(source, address(_fees), value, data, due);
        require(done == due, Broken(1, "credit refused, or by a stranger"));
        if (!done) return;
        for (uint256 i; i < HOLDERS; ++i) {
            uint256 held = _staking.position(operator, _holders[i]).shares;
            if (total != 0) _entitled[_holders[i]][currency] += (amount * SCALE * held) / total;
        }
        if (total == 0) _leftToOperator[operator][currency] += amount;
        _credited[currency] += amount;
        ++_credits;
        _paying = true;
    }

    function _collect(address operator, address holder, address currency, uint256 pick) private {
        if ((pick >> 8) % 4 == 0) holder = operator;
        uint32 generation = uint32((pick >> 16) % (_generation(operator) + 1));
        uint256 owed = _fees.earned(operator, generation, currency, holder);
        uint256 before = _balance(currency, address(this));
        bytes memory data = abi.encodeCall(IDelegatorFees.collect, (operator, generation, currency, address(this)));
        bool done = _call(holder, address(_fees), data, owed != 0);
        require(done == (owed != 0), Broken(22, "collection refused, or of nothing"));
        if (!done) return;
        require(_balance(currency, address(this)) - before == owed, Broken(25, "earned is not what is paid"));
        _received[holder][currency] += owed;
        _paid[currency] += owed;
        _paying = true;
    }

    function _check() internal override {
        for (uint256 k; k < 2; ++k) {
            address currency = _currency(k);
            uint256 claims;
            for (uint256 i; i < 2; ++i) {
                // An operator that had no delegators has all of what was meant for them.
                address operator = _operators[i];
                uint256 claim = _fees.earned(NOBODY, 0, currency, operator);
                require(
                    claim + _received[operator][currency] == _leftToOperator[operator][currency],
                    Broken(1, "an operator's part without delegators")
                );
                claims += claim;
            }
            for (uint256 i; i < HOLDERS; ++i) {
                address holder = _holders[i];
                uint256 claim = _claim(holder, currency);
                require(_paying || claim == _before[holder][currency], Broken(13, "shares moved a claim"));
                _before[holder][currency] = claim;
                uint256 had = (claim + _received[holder][currency]) * SCALE;
                // Entitlements are rounded down too, each by less than 2^-64 of a wei.
                require(had <= _entitled[holder][currency] + _credits, Broken(1, "more than its part"));
                require(had + _dust() * SCALE >= _entitled[holder][currency], Broken(1, "less than its part"));
                claims += claim;
            }
            uint256 held = _balance(currency, address(_fees));
            require(held == _credited[currency] - _paid[currency], Broken(1, "coins"));
            require(claims <= held, Broken(1, "claims above what was credited"));
            require(claims + _dust() >= held, Broken(1, "credited to nobody"));
        }
        _checkShares();
    }

    /// Shares that earn are those that staking knows.
    function _checkShares() private view {
        for (uint256 i; i < 2; ++i) {
            uint256 total;
            uint128 counted;
            for (uint256 j; j < HOLDERS; ++j) {
                uint128 held;
                (held, counted) = _fees.sharesOf(_operators[i], _generation(_operators[i]), _holders[j]);
                require(held == _staking.position(_operators[i], _holders[j]).shares, Broken(1, "other shares"));
                total += held;
            }
            require(total == counted, Broken(1, "shares of nobody"));
        }
    }

    /// Each step rounds once at most: a credit down, or a settlement of one holder. What is not settled rounds once for each
    /// holder and pool.
    function _dust() private view returns (uint256) {
        uint256 pools = _generation(_operators[0]) + _generation(_operators[1]) + 2;
        return STEPS + HOLDERS * pools;
    }

    /// All that `holder` could collect in a currency.
    function _claim(address holder, address currency) private view returns (uint256 sum) {
        uint256 settled = _fees.earned(NOBODY, 0, currency, holder);
        sum = settled;
        for (uint256 i; i < 2; ++i) {
            for (uint32 g; g <= _generation(_operators[i]); ++g) {
                sum += _fees.earned(_operators[i], g, currency, holder) - settled;
            }
        }
    }

    function _generation(address operator) private view returns (uint32) {
        return _staking.delegatedPool(operator).generation;
    }

    function _balance(address currency, address account) private view returns (uint256) {
        return currency == NATIVE ? account.balance : _token.balanceOf(account);
    }

    function _currency(uint256 k) private view returns (address) {
        return k == 0 ? NATIVE : address(_token);
    }

    function _fund(address account) private {
        _token.transfer(account, 1e27);
        CHEATS.prank(account);
        _token.approve(address(_staking), type(uint256).max);
    }
}
