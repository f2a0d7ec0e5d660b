/** What the use cases are given: the store, the deployment's settings, time and chance, and what this process remembers. */

import type { Account } from '../../core/contract/limits.ts';
import type { Store } from '../../core/store.ts';
import type { Events } from './events.ts';
import type { Memory } from './memory.ts';

export interface ServiceSettings {
  /** Ranges written in a CNI configuration become a pool on first use. */
  readonly inlinePools: boolean;
  readonly inlineCooldownSeconds: number;
  /** For so long a change of a lease waits to be counted together with others. */
  readonly countWithinSeconds: number;
  /** For so long what is over can be asked for. */
  readonly historyDays: number;
  /** Minutes of silence after which a node of a cluster is declared dead; of no other cluster. */
  readonly deadAfterSilence?: ReadonlyMap<string, number>;
  /** Each lease that begins or ends is an event. */
  readonly leaseEvents?: boolean;
  /** Whether EC2 is asked for the instances of nodes. */
  readonly asksEc2?: boolean;
}

export interface Dependencies {
  readonly store: Store;
  readonly events: Events;
  readonly settings: ServiceSettings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A number from 0 up to, but not including, `below`. */
  readonly random: (below: number) => number;
  /** 16 hex digits that were never used before. */
  readonly newPoolId: () => string;
  /** What one write of a pool or a registry is known by (`PoolStore`): never the same again. */
  readonly newToken: () => string;
  readonly memory: Memory;
}

/** The caller, as the signature proves it, and how long the request may still take. */
export interface Call {
  readonly caller: string;
  /** Whose the caller is. */
  readonly account?: Account;
  /** To which the caller's role belongs, if the deployment says so of any. */
  readonly cluster?: string | undefined;
  readonly remainingMs: () => number;
}
