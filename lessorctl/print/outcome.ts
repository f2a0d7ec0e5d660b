/** What a command came to, and the forms in which it can be had. */
import type { Part } from './view.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export interface CommandOutcome {
  /** As JSON and YAML have it: what the API answered, its pages joined. */
  readonly document: unknown;
  /** What `-o name` prints, a line each: it can be given to another command. */
  readonly names: readonly string[];
  /** For people. */
  view(wide: boolean): readonly Part[];
  /** Other than 0 where what was found is not well. */
  readonly exitCode?: number;
}
