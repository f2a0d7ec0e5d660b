/** What the steps of a restore are, and what they work with. */
import type { KnownNode } from './node-looks.ts';
import type { RestoreNote } from './restore-note.ts';
import type { RestoreOrigin, TwoTables } from './restored-tables.ts';
import type { Stage, StageThrottle } from './stage.ts';
import type { TablesControl } from './tables-control.ts';

/** What the deployment's stack says of itself. */
export interface Deployed extends TwoTables {
  /** Undefined where the stack does not say it. */
  readonly throttle: StageThrottle | undefined;
}

/** What the steps work with. */
export interface RestoreParts {
  readonly tables: TablesControl;
  readonly stage: Stage;
  deployed(): Promise<Deployed>;
  nodes(): Promise<readonly KnownNode[]>;
  readonly notes: RestoreNotes;
  /** Nodes for which nobody is to wait. */
  readonly without: ReadonlySet<string>;
  /** Milliseconds for which nodes are waited for. */
  readonly patience: number;
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** How far long work is. */
  tell(text: string): void;
}

/** The file, of which the last state is in memory. */
export interface RestoreNotes {
  readonly current: RestoreNote | undefined;
  keep(note: RestoreNote): Promise<void>;
}

export interface StepLook {
  /** `waits`: for a person, who does what is said. */
  readonly state: 'done' | 'to do' | 'waits';
  readonly facts: readonly string[];
  /** What a person has to do, as it is typed or pasted. */
  readonly say?: string;
}

export interface RestoreStep {
  readonly name: string;
  readonly what: string;
  /** What the user is asked before it is carried out. */
  readonly asks?: string;
  look(): Promise<StepLook>;
  /** Undefined where a person does it. */
  carryOut?(): Promise<void>;
}

/** Milliseconds between two looks. */
export const PAUSE_MS = 10_000;

export const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const isAttached = ({ target }: RestoreOrigin, deployed: TwoTables): boolean =>
  deployed.pools === target.pools && deployed.leases === target.leases;

/** @throws Error where nothing was noted: the first step does that */
export function noteOf({ notes }: RestoreParts): RestoreNote {
  if (notes.current === undefined) throw new Error('a step was carried out before anything was noted');
  return notes.current;
}

export const noteMore = (parts: RestoreParts, more: Partial<RestoreNote>): Promise<void> =>
  parts.notes.keep({ ...noteOf(parts), ...more });
