// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { ChallengeParams, IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { ParameterOutOfBounds } from "../types/Errors.sol";

/// @title Clocks and prices of the challenge manager
/// @notice Immutable, inside bounds that are fixed here; the reasons are in `docs/contracts/challenges.md`.
abstract contract ChallengeTerms is IChallengeManager {
    /// @notice Time to notice a challenge and recompute a model.
    uint32 public constant RECOMPUTE = 6 hours;
    /// @notice Time to answer somebody else's transaction.
    uint32 public constant REACTION = 6 hours;

    uint32 private constant MIN_INCLUSION = 10 minutes;
    uint32 private constant MAX_INCLUSION = 3 days;
    uint32 private constant MAX_WINDOW = 14 days;
    uint96 private constant MIN_BOND = 1 gwei;
    uint96 private constant MAX_BOND = 1_000 ether;
    uint64 private constant MAX_FEE = 10_000 gwei;
    uint8 private constant MIN_MULTIPLE = 4;
    uint8 private constant MAX_MULTIPLE = 64;

    /// A supply transaction without its payload. Measured in `test/gas/supply.test.ts`.
    uint256 private constant SUPPLY_GAS = 90_000;
    /// For a byte of payload: 40 in calldata at the floor price, the rest for the log and hashing.
    uint256 private constant SUPPLY_GAS_PER_BYTE = 44;
    /// A signed supply transaction without its payload.
    uint256 private constant SUPPLY_BYTES = 420;
    /// The largest payload: 256 hashes.
    uint256 private constant MAX_PAYLOAD = 256 * 32;

    uint32 private immutable INCLUSION_DELAY;
    uint32 internal immutable REFUTATION_WINDOW;
    uint32 internal immutable SUPPLY_WINDOW;
    uint32 internal immutable GRACE_WINDOW;
    uint32 internal immutable AIR_GAP;
    uint96 private immutable BOND_FLOOR;
    uint64 private immutable BASE_FEE_FLOOR;
    uint64 private immutable DATA_PRICE;
    uint8 private immutable PRICE_MULTIPLE;

    constructor(ChallengeParams memory p) {
        _bound("inclusionDelay", p.inclusionDelay, MIN_INCLUSION, MAX_INCLUSION);
        _bound("refutationWindow", p.refutationWindow, 2 * p.inclusionDelay + RECOMPUTE, MAX_WINDOW);
        _bound("supplyWindow", p.supplyWindow, p.inclusionDelay + REACTION, MAX_WINDOW);
        _bound("graceWindow", p.graceWindow, p.inclusionDelay + REACTION, MAX_WINDOW);
        _bound("airGap", p.airGap, p.inclusionDelay, MAX_WINDOW);
        _bound("bondFloor", p.bondFloor, MIN_BOND, MAX_BOND);
        _bound("baseFeeFloor", p.baseFeeFloor, 1, MAX_FEE);
        _bound("dataPrice", p.dataPrice, 0, MAX_FEE);
        _bound("priceMultiple", p.priceMultiple, MIN_MULTIPLE, MAX_MULTIPLE);
        INCLUSION_DELAY = p.inclusionDelay;
        REFUTATION_WINDOW = p.refutationWindow;
        SUPPLY_WINDOW = p.supplyWindow;
        GRACE_WINDOW = p.graceWindow;
        AIR_GAP = p.airGap;
        BOND_FLOOR = p.bondFloor;
        BASE_FEE_FLOOR = p.baseFeeFloor;
        DATA_PRICE = p.dataPrice;
        PRICE_MULTIPLE = p.priceMultiple;
    }

    /// @inheritdoc IFinality
    function inclusionDelay() external view returns (uint32) {
        return INCLUSION_DELAY;
    }

    /// @inheritdoc IFinality
    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32) {
        uint256 sum = uint256(challengeWindow) + REFUTATION_WINDOW + AIR_GAP;
        sum += uint256(depth) * (uint256(SUPPLY_WINDOW) + GRACE_WINDOW);
        return uint32(Math.min(sum, type(uint32).max));
    }

    /// @inheritdoc IChallengeManager
    function parameters() external view returns (ChallengeParams memory) {
        return
            ChallengeParams({
                inclusionDelay: INCLUSION_DELAY,
                refutationWindow: REFUTATION_WINDOW,
                supplyWindow: SUPPLY_WINDOW,
                graceWindow: GRACE_WINDOW,
                airGap: AIR_GAP,
                bondFloor: BOND_FLOOR,
                baseFeeFloor: BASE_FEE_FLOOR,
                dataPrice: DATA_PRICE,
                priceMultiple: PRICE_MULTIPLE
            });
    }

    /// @dev Base price of a demand whose supply reveals `payload` bytes.
    function _price(uint256 payload, uint256 baseFee) internal view returns (uint96) {
        uint256 cost =
            (SUPPLY_GAS + SUPPLY_GAS_PER_BYTE * payload) * Math.max(baseFee, BASE_FEE_FLOOR) +
                (SUPPLY_BYTES + payload) * DATA_PRICE;
        return SafeCast.toUint96(cost * PRICE_MULTIPLE);
    }

    /// @dev What burns beside the base price: it doubles with every eight demands that wait.
    function _surcharge(uint96 price, uint32 outstanding) internal pure returns (uint256) {
        return (uint256(price) << Math.min(outstanding / 8, 128)) - price;
    }

    /// @dev Half of it repays a whole chain of demands, the other half is left to burn and to reward.
    function _bond(uint8 depth, uint256 baseFee) internal view returns (uint256) {
        return Math.max(BOND_FLOOR, 2 * uint256(depth) * _price(MAX_PAYLOAD, baseFee));
    }

    function _bound(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        require(value >= min && value <= max, ParameterOutOfBounds(name, value, min, max));
    }
}
