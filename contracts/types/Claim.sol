// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The life of a claim. `Drawing` and `Assigned` alternate while operators miss their deadlines, and end in `Answered` or
/// `Refunded`; from there it only moves forward: `Answered` to one of `Final`, `Wrong`, `Void` and `Unbacked`.
enum ClaimStatus {
    /// No such claim.
    None,
    /// Stake is locked, the answer is still due.
    Assigned,
    /// Answered and provisional: it can be challenged until the challenge deadline.
    Answered,
    /// Cancelled, expired or declined before an answer: the consumer has its fee back, no stake is locked.
    Refunded,
    /// Undisputed, or every challenge refuted: the operator is paid.
    Final,
    /// Proven wrong: the lock is slashed, the fee refunded but for its audit share.
    Wrong,
    /// Undecidable or outside the domain: the fee is refunded but for its audit share, nobody is punished.
    Void,
    /// The stake behind it was taken for another claim that shared it: nothing is left to decide.
    Unbacked,
    /// Waits for a block whose hash draws the operator.
    Drawing
}

/// An operator's commitment "model `modelId` on inputs `inputsRoot` gives outputs `outputsRoot`", as every source shows it.
struct Claim {
    ClaimStatus status;
    /// Whether the input bytes were published on-chain; only then can third parties check and defend the claim.
    bool publicInputs;
    address operator;
    address consumer;
    bytes32 modelId;
    /// `listHash` over the tensor roots of all unbound inputs (docs/audit.md, 2).
    bytes32 inputsRoot;
    /// `listHash` over the tensor roots of all outputs; zero before the answer.
    bytes32 outputsRoot;
    /// Stake tokens that back this claim; zero once it is settled.
    uint96 lock;
    /// Last second in which a challenge may be opened; zero before the answer. Fixed when the answer arrives.
    uint48 challengeDeadline;
    /// Challenges opened and not yet closed.
    uint32 openChallenges;
}

/// One element of one tensor of a claim's inputs or outputs, opened from their list hash.
struct ElementOpening {
    /// Which input or output, in graph order.
    uint32 tensor;
    /// Row-major number of the element.
    uint32 element;
    /// Tensor roots of all inputs, or of all outputs: the preimage of the list hash.
    bytes32[] roots;
    /// The 256-byte leaf that holds the element.
    bytes leaf;
    /// Range proof of that one leaf under `roots[tensor]`.
    bytes32[] proof;
}
