// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IArbiter } from "./IArbiter.sol";
import { Facts } from "../types/Evidence.sol";
import { ModelContent } from "../types/Model.sol";
import { Provenance } from "../types/Provenance.sol";

/// @notice Immutable parameters of a registry.
/// @param deposit Native coin that a registration leaves behind until some time after its deprecation; it pays for the
/// state that the model occupies.
/// @param depositDelay Seconds from deprecation until the deposit can be taken back.
/// @param royaltyDelay Seconds from the announcement of a royalty until it counts.
struct RegistryParams {
    uint96 deposit;
    uint32 depositDelay;
    uint32 royaltyDelay;
}

/// @notice What contracts need of an unbound input. Its shape is in the registration event.
struct InputTensor {
    uint8 dtype;
    uint32 size;
    uint64 lo;
    uint64 hi;
}

/// @notice What contracts need of an output. Its shape is in the registration event.
struct OutputTensor {
    uint8 dtype;
    uint32 size;
    uint32 node;
    uint32 atol;
    uint32 rtol;
}

/// @notice A registration, without its tensors.
struct Model {
    bytes32 contentId;
    bytes32 graphRoot;
    bytes32 sha256Hash;
    /// The model it succeeds or derives from, or zero.
    bytes32 parent;
    /// The first ancestor; the model itself where it has no parent.
    bytes32 lineage;
    address publisher;
    /// Judges every claim about this model, for ever.
    IArbiter arbiter;
    uint16 format;
    uint8 profile;
    uint8 depth;
    uint8 inputCount;
    uint8 outputCount;
    uint32 nodeCount;
    uint32 maxProofBytes;
    uint32 maxProofGas;
    /// Counts the publisher's registrations in this lineage, from 1.
    uint32 version;
    /// Part of each fee that is the publisher's, in hundredths of a percent.
    uint16 royalty;
    /// The royalty from `royaltyChangeAt` on, or the same.
    uint16 nextRoyalty;
    uint48 royaltyChangeAt;
    /// Deposit still held.
    uint96 deposit;
    uint48 registeredAt;
    /// Zero while new claims are accepted.
    uint48 deprecatedAt;
    /// Where to find the `ModelRegistered` event with the whole content and provenance.
    uint48 registeredBlock;
}

/// @title Published model versions
/// @notice A registration binds everything that defines a model's answers (the content id) to a publisher. It is keyed by
/// both, so nobody gains anything by registering somebody else's model first.
/// @dev The chain can't check that a graph is the compilation of the ONNX file named beside it, nor that its nodes are
/// well-formed; the first is for whoever uses the model to recompile, the second makes a challenger lose. Nothing about a
/// registration ever changes except its royalty, with notice, and its deprecation. Whoever has the id needs only `registeredBlock` to find the event.
interface IModelRegistry {
    event ModelRegistered(
        bytes32 indexed modelId,
        address indexed publisher,
        bytes32 indexed lineage,
        bytes32 contentId,
        uint32 version,
        ModelContent content,
        Provenance provenance,
        uint16 royalty
    );
    /// @notice No new claims about this model.
    event ModelDeprecated(bytes32 indexed modelId, address indexed publisher, uint48 depositFreeAt);
    /// @notice Requests from `effectiveAt` on pay `next` instead of `current`, in hundredths of a percent.
    event RoyaltyAnnounced(
        bytes32 indexed modelId,
        address indexed publisher,
        uint16 current,
        uint16 next,
        uint48 effectiveAt
    );
    /// @notice No new models and no new claims in this format.
    event FormatRetired(uint16 indexed format);
    event DepositWithdrawn(bytes32 indexed modelId, address indexed receiver, uint256 amount);

    error UnknownModel(bytes32 modelId);
    error AlreadyRegistered(bytes32 modelId);
    error NotPublisher(address caller, address publisher);
    error WrongDeposit(uint256 paid, uint256 deposit);
    error AlreadyDeprecated(bytes32 modelId);
    error NotDeprecated(bytes32 modelId);
    error DepositLocked(bytes32 modelId, uint48 freeAt);
    error NoDeposit(bytes32 modelId);

    error UnsupportedFormat(uint16 format);
    error FormatIsRetired(uint16 format);
    error RoyaltyTooHigh(uint16 royalty, uint16 max);
    error UnknownProfile(uint8 profile);
    /// @dev Zero nodes, or more than the limit; see `contracts/types/Limits.sol`.
    error NodeCount(uint32 count, uint32 max);
    error EmptyGraphRoot();
    error ProofBytes(uint32 value, uint32 max);
    error ProofGas(uint32 value, uint32 max);
    /// @dev Less than the demand chain of the outputs and the root list, or more than the limit.
    error Depth(uint8 value, uint8 min, uint8 max);
    error InputCount(uint256 count, uint256 max);
    error OutputCount(uint256 count, uint256 max);
    /// @dev `output` tells outputs from inputs in the errors about tensors.
    error UnknownDtype(bool output, uint256 index, uint8 dtype);
    error Rank(bool output, uint256 index, uint256 rank, uint256 max);
    error ZeroExtent(bool output, uint256 index, uint256 axis);
    error TooManyElements(bool output, uint256 index, uint256 max);
    /// @dev A bound of the domain is NaN, infinite, or has bits beyond its dtype.
    error DomainNotCanonical(uint256 input, uint64 bound);
    error DomainNotOrdered(uint256 input, uint64 lo, uint64 hi);
    error OutputNode(uint256 output, uint32 node, uint32 nodeCount);
    /// @dev The tolerance is negative (minus zero included), infinite or NaN.
    error ToleranceNotCanonical(uint256 output, uint32 atol, uint32 rtol);
    /// @dev Exact models and outputs that are not f32 are compared bit by bit.
    error ToleranceNotZero(uint256 output, uint32 atol, uint32 rtol);
    /// @dev A view was asked for tensor `index` of `count`.
    error NoSuchTensor(bool output, uint256 index, uint256 count);
    error EmptyFileHash();
    /// @dev A text of the provenance is missing or too long.
    error TextLength(bytes32 field, uint256 length, uint256 min, uint256 max);

    /// @notice Publishes a model version.
    /// @dev Requires exactly the deposit as value, a format with an Arbiter, and content that keeps every rule named in the
    /// errors above. Effects: stores what contracts need, emits everything.
    /// @param royalty Part of each fee that is the publisher's, in hundredths of a percent.
    /// @return modelId `keccak256(abi.encode(contentId, msg.sender))`
    function register(
        ModelContent calldata content,
        Provenance calldata provenance,
        uint16 royalty
    ) external payable returns (bytes32 modelId);

    /// @notice Stops new claims about a model, for good. Running claims and challenges are not touched.
    /// @dev Publisher only.
    function deprecate(bytes32 modelId) external;

    /// @notice Announces another royalty, which counts for requests after the delay. It replaces one that does not count yet.
    /// @dev Publisher only. Requests in the meantime, and jobs that run, keep the royalty that they began with.
    function announceRoyalty(bytes32 modelId, uint16 royalty) external;

    /// @notice Stops new models and new claims in a format, for good. Running claims and challenges are not touched: the
    /// format's Arbiter goes on to judge them.
    /// @dev Restricted to the governor role.
    function retireFormat(uint16 format) external;

    /// @notice Pays the deposit of a deprecated model back, once the delay has passed.
    /// @dev Publisher only.
    function withdrawDeposit(bytes32 modelId, address payable receiver) external;

    /// @notice Content id of a model, as `docs/audit.md` section 5 defines it.
    function contentIdOf(ModelContent calldata content) external pure returns (bytes32);

    function modelIdOf(bytes32 contentId, address publisher) external pure returns (bytes32);

    function exists(bytes32 modelId) external view returns (bool);

    /// @notice Whether new claims may be made: registered, not deprecated, in a format that is not retired. False for unknown
    /// ids.
    function acceptsClaims(bytes32 modelId) external view returns (bool);

    /// @notice What a claim source needs to make a claim, in one call.
    /// @return open As `acceptsClaims`.
    /// @return publisher Zero for unknown ids.
    /// @return royalty Part of a fee that is the publisher's, in hundredths of a percent.
    function claimTerms(bytes32 modelId) external view returns (bool open, address publisher, uint16 royalty);

    /// @dev This and the following views revert with `UnknownModel` and nothing else; tensor numbers beyond the model's own
    /// revert with `NoSuchTensor`.
    function model(bytes32 modelId) external view returns (Model memory);

    /// @notice The judge of the model, and all that it needs except what the claim and the challenge bring: `inputsRoot` and
    /// `traceRoot` are zero.
    function facts(bytes32 modelId) external view returns (IArbiter arbiter, Facts memory);

    function inputs(bytes32 modelId) external view returns (InputTensor[] memory);

    function outputs(bytes32 modelId) external view returns (OutputTensor[] memory);

    /// @notice Bytes of every input, or of every output.
    function tensorBytes(bytes32 modelId, bool output) external view returns (uint256[] memory);

    function input(bytes32 modelId, uint256 index) external view returns (InputTensor memory);

    function output(bytes32 modelId, uint256 index) external view returns (OutputTensor memory);

    /// @notice The Arbiter for models of this format; zero where the format is not supported.
    function arbiterOf(uint16 format) external view returns (IArbiter);

    function isRetired(uint16 format) external view returns (bool);

    function parameters() external view returns (RegistryParams memory);
}
