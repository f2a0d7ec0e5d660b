/** What `npm run bench` is made of: sections, each of which measures figures beside a baseline of the same run. */

/** Several samples of one thing, as median and quartiles. */
export interface Spread {
  readonly median: number;
  /** The first and the third quartile: half of the samples lie between them. */
  readonly low: number;
  readonly high: number;
  /** Samples. */
  readonly runs: number;
  /** Of all three: `ms`, `requests`; empty for a ratio. */
  readonly unit: string;
}

export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  /** What was measured, in words. */
  readonly name: string;
  readonly value: Spread;
  /** The baseline of the same run, or a budget. */
  readonly against?: { readonly name: string; readonly value: Spread };
  /** Value to baseline, pair by pair. */
  readonly ratio?: Spread;
  /** Of the ratio. */
  readonly goal?: Goal;
}

export interface Options {
  /** As few rounds as show that it works: the figures are no measurement. */
  readonly quick: boolean;
  /** Says in a few words what is going on. */
  readonly progress: (text: string) => void;
  /** Says a line that stays: what is left out, and why. */
  readonly note: (text: string) => void;
}

/** Nothing could be measured here, for a reason in one line. */
export interface Skipped {
  readonly skipped: string;
}

export interface Section {
  /** As it is asked for on the command line. */
  readonly name: string;
  /** What is measured against what, in a sentence. */
  readonly what: string;
  /** @throws Error where a measured call did not succeed: its time would mean nothing */
  run(options: Options): Promise<readonly Figure[] | Skipped>;
}
