/** A change that breaks a promise: the proof of the extract must fail at it. */
export interface SeededBug {
  readonly promise: number;
  readonly what: string;
  readonly find: string;
  readonly replace: string;
}

export interface Extract {
  readonly name: string;
  /** Numbers in docs/protocol.md. */
  readonly promises: readonly number[];
  readonly bugs: readonly SeededBug[];
}

export const EXTRACT_FOLDER = "contracts/mocks/extracts";

export const EXTRACTS: readonly Extract[] = [
  {
    name: "ChallengeLife",
    promises: [14, 15, 16, 18],
    bugs: [
      {
        promise: 14,
        what: "a challenge that has ended can be settled again",
        find: "require(status == ChallengeStatus.Open || status == ChallengeStatus.Upheld);\n        require(claimSettled);",
        replace: "require(claimSettled);",
      },
      {
        promise: 15,
        what: "a demand does not move the last deadline",
        find: "if (deadline > lastDeadline) lastDeadline = deadline;",
        replace: "",
      },
      {
        promise: 16,
        what: "a supply leaves its demand outstanding",
        find: "        --outstanding;\n",
        replace: "",
      },
      {
        promise: 18,
        what: "a position can be demanded twice, which moves its supply deadline",
        find: "require(supplyDeadline == 0);",
        replace: "",
      },
    ],
  },
  {
    name: "JobLife",
    promises: [3, 14, 18],
    bugs: [
      {
        promise: 3,
        what: "a job can expire after its answer",
        find: "require(status == ClaimStatus.Assigned && time > due);",
        replace: "require(status != ClaimStatus.None && time > due);",
      },
      {
        promise: 3,
        what: "a job that is undone leaves no audit share",
        find: "pooled += share;\n        _refund(to, fee - share);",
        replace: "_refund(to, fee);",
      },
      {
        promise: 14,
        what: "a final job can be voided",
        find: "require(status == ClaimStatus.Answered);\n        _undo(ClaimStatus.Void);",
        replace: "_undo(ClaimStatus.Void);",
      },
      {
        promise: 18,
        what: "a second answer moves the challenge window",
        find: "require(status == ClaimStatus.Assigned && time <= due);",
        replace: "require(_rank() != 0 && _rank() != ENDED && time <= due);",
      },
    ],
  },
  {
    name: "BondLedger",
    promises: [2],
    bugs: [
      {
        promise: 2,
        what: "an emergency pays back what the bond has lent for answered demands",
        find: "credited += bond - paid;",
        replace: "credited += bond;",
      },
    ],
  },
];
