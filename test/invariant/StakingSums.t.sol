// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { OperatorAccount } from "../../contracts/interfaces/IOperatorStaking.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Reward } from "../../contracts/types/Reward.sol";
import { Broken, CHEATS } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";

/// @notice Any sequence of deposits, exits, locks, slashes and payments, by two operators, keeps the promises about stake.
/// The contract is the claim source; amounts reach just beyond what is allowed.
contract StakingSumsTest {
    uint256 private constant STEPS = 60;
    uint256 private constant MAX_LOCKS = 6;

    address[2] private _operators = [address(0xA11CE), address(0xB0B)];
    address private constant WINNER = address(0xC0FFEE);

    /// Read by the hub when it is sealed: the test is the challenge manager too.
    Hub public hub;
    OperatorStaking private _staking;
    TestToken private _token;

    struct Ghost {
        address operator;
        uint96 amount;
    }

    /// What the contract should hold, kept beside it.
    Ghost[MAX_LOCKS] private _locks;
    uint256 private _in;
    uint256 private _out;
    uint256 private _slashes;

    function setUp() public {
        Hub hub_ = Hubs.create(address(this));
        _token = new TestToken(address(this), 1e30, 0, 0);
        _staking = new OperatorStaking(_token, hub_, true);
        address[] memory sources = new address[](1);
        sources[0] = address(this);
        hub = hub_;
        hub_.seal(address(this), sources, new address[](0));
        for (uint256 i; i < 2; ++i) {
            _token.transfer(_operators[i], 1e24);
            CHEATS.prank(_operators[i]);
            _token.approve(address(_staking), type(uint256).max);
        }
    }

    function challengeManager() external view returns (address) {
        return address(this);
    }

    function testFuzz_everySequenceKeepsTheSums(uint256 seed) public {
        for (uint256 step; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _step(seed);
            _check();
        }
    }

    function _step(uint256 seed) private {
        address operator = _operators[seed & 1];
        uint256 action = (seed >> 8) % 10;
        uint256 pick = seed >> 64;
        if (action == 0) _deposit(operator, pick);
        else if (action == 1) _requestExit(operator, pick);
        else if (action == 2) _cancelExit(operator, pick);
        else if (action == 3) _withdrawExit(operator, pick);
        else if (action <= 5) _lock(operator, pick);
        else if (action == 6) _unlock(pick);
        else if (action == 7) _slash(pick);
        else if (action == 8) CHEATS.warp(block.timestamp + (pick % (Hubs.UNBONDING + 1)));
        else _pay();
    }

    function _deposit(address operator, uint256 pick) private {
        uint256 amount = pick % 1000;
        CHEATS.prank(operator);
        try _staking.deposit(amount) {
            _in += amount;
        } catch {
            require(amount == 0, Broken(1, "deposit refused"));
        }
    }

    function _requestExit(address operator, uint256 pick) private {
        uint256 active = _staking.account(operator).active;
        uint256 amount = pick % (active + 2);
        CHEATS.prank(operator);
        try _staking.requestExit(amount) {
            require(amount <= active, Broken(4, "exit above the stake"));
        } catch {
            require(amount == 0 || amount > active, Broken(22, "exit refused"));
        }
    }

    function _cancelExit(address operator, uint256 pick) private {
        uint32 exitId = _anyExit(operator, pick);
        uint256 amount = _staking.exit(operator, exitId).amount;
        CHEATS.prank(operator);
        try _staking.cancelExit(exitId) {
            require(amount != 0, Broken(4, "empty exit cancelled"));
        } catch {
            require(amount == 0, Broken(22, "cancellation refused"));
        }
    }

    function _withdrawExit(address operator, uint256 pick) private {
        uint32 exitId = _anyExit(operator, pick);
        uint256 amount = _staking.exit(operator, exitId).amount;
        bool ready = block.timestamp >= _staking.exit(operator, exitId).readyAt;
        bool spare = _staking.stakeOf(operator) - amount >= _staking.account(operator).locked;
        CHEATS.prank(operator);
        try _staking.withdrawExit(exitId, address(this)) {
            require(amount != 0 && ready && spare, Broken(11, "stake left that backs a lock"));
            _out += amount;
        } catch {
            require(amount == 0 || !ready || !spare, Broken(22, "withdrawal refused"));
        }
    }

    function _lock(address operator, uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        // Ids are an operator's own: only its own standing lock is in the way.
        if (_locks[number].amount != 0) operator = _locks[number].operator;
        uint256 free = _staking.freeStake(operator);
        uint96 amount = uint96((pick >> 32) % (free + 2));
        bool vacant = _locks[number].amount == 0;
        try _staking.lock(operator, bytes32(number), amount) {
            require(vacant && amount != 0 && amount <= free, Broken(5, "lock above the stake"));
            _locks[number] = Ghost(operator, amount);
        } catch {
            require(!vacant || amount == 0 || amount > free, Broken(5, "lock refused"));
        }
    }

    function _unlock(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        bool stands = _locks[number].amount != 0;
        try _staking.unlock(_locks[number].operator, bytes32(number)) {
            require(stands, Broken(21, "unlocked twice"));
            delete _locks[number];
        } catch {
            require(!stands, Broken(22, "unlocking refused"));
        }
    }

    function _slash(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        Ghost memory ghost = _locks[number];
        Reward[] memory rewards = new Reward[](2);
        rewards[0] = Reward(WINNER, uint96((pick >> 32) % (uint256(ghost.amount) + 1)));
        rewards[1] = Reward(ghost.operator, uint96((pick >> 160) % (uint256(ghost.amount) + 1)));
        uint256 stake = _staking.stakeOf(ghost.operator);
        uint256 rewarded = _staking.rewardOf(WINNER) + _staking.rewardOf(ghost.operator);
        uint256 burning = _staking.pendingBurn();
        if (ghost.amount == 0) {
            try _staking.slash(ghost.operator, bytes32(number), rewards) {
                revert Broken(21, "slashed without a lock");
            } catch {
                return;
            }
        }
        // No try: a slash of a standing lock succeeds in every state.
        uint256 slashed = _staking.slash(ghost.operator, bytes32(number), rewards);
        delete _locks[number];
        ++_slashes;
        rewarded = _staking.rewardOf(WINNER) + _staking.rewardOf(ghost.operator) - rewarded;
        require(slashed == ghost.amount, Broken(9, "a slash of another amount"));
        require(stake - _staking.stakeOf(ghost.operator) == slashed, Broken(9, "a slash that took something else"));
        require(rewarded <= slashed / 2, Broken(10, "rewards above half"));
        require(
            _staking.pendingBurn() - burning == slashed - rewarded,
            Broken(2, "burnt and paid differ from slashed")
        );
    }

    function _pay() private {
        uint256 reward = _staking.rewardOf(WINNER);
        if (reward != 0) {
            CHEATS.prank(WINNER);
            _staking.withdrawReward(address(this));
            _out += reward;
        }
        _out += _staking.pendingBurn();
        _staking.burnSlashed();
    }

    function _anyExit(address operator, uint256 pick) private view returns (uint32) {
        return uint32(pick % (uint256(_staking.account(operator).exitCount) + 1));
    }

    function _check() private view {
        uint256 owed = _staking.totalOwed();
        uint256 sum = _staking.pendingBurn() + _staking.rewardOf(WINNER);
        for (uint256 i; i < 2; ++i) {
            address operator = _operators[i];
            OperatorAccount memory account = _staking.account(operator);
            sum += uint256(account.active) + account.exiting + _staking.rewardOf(operator);
            require(account.locked <= uint256(account.active) + account.exiting, Broken(5, "locks above the stake"));

            uint256 queued;
            for (uint32 exitId; exitId < account.exitCount; ++exitId) queued += _staking.exit(operator, exitId).amount;
            require(queued == account.exiting, Broken(4, "exits differ from the queue"));

            uint256 locked;
            for (uint256 number; number < MAX_LOCKS; ++number) {
                if (_locks[number].operator == operator) locked += _locks[number].amount;
            }
            require(locked == account.locked, Broken(6, "locks differ from their sum"));
        }
        require(sum == owed, Broken(1, "owed to nobody"));
        require(_token.balanceOf(address(_staking)) == owed, Broken(1, "tokens differ from what is owed"));
        require(_in - _out == owed, Broken(1, "tokens came from nowhere"));
    }
}
