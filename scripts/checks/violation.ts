/** One import that the architecture forbids. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}
