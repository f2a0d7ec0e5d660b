/** One condition and one taint of the Node: what is to be so, and what was taken of it. */
import type { Happening } from '../kubernetes/event-object.ts';
import {
  type Condition,
  isTainted,
  type KeptNode,
  type NodeAnswer,
  type NodeObject,
} from '../kubernetes/node-object.ts';
import type { AddressEvidence } from './address-evidence.ts';
import { type Due, dueBy } from './due.ts';
import { found, type Hold, type HoldTimes, nextHold, notHeld } from './hold.ts';

export interface Keeping {
  readonly node: NodeObject;
  /** Addresses can be had: former refusals say no more. */
  readonly forgetRefusals: () => void;
  readonly now: () => number;
  readonly times: HoldTimes;
  /** False: no taint is set, and one that is there goes. */
  readonly taints: boolean;
}

/** `changed meanwhile`: by others, each time that it was tried; it is due still. */
export type Said = 'said' | 'changed meanwhile' | Exclude<NodeAnswer, { readonly kind: 'done' }>;

export interface ConditionAndTaint {
  decide(evidence: AddressEvidence): void;
  /** What is due of it. */
  say(): Promise<Said>;
  /** Once, after the condition became another one. */
  turned(): Pick<Happening, 'type' | 'reason' | 'message'> | undefined;
  /** Both go. False where the taint may have stayed. */
  end(): Promise<boolean>;
  uid(): string | undefined;
  status(): { readonly condition?: Condition; readonly tainted: boolean };
}

/** The condition is said again after so long: kubelet and node-problem-detector do so as often. */
const REFRESH_MS = 5 * 60_000;
/** While no address can be had it is looked whether somebody took the taint away. */
const HELD_REFRESH_MS = 60_000;

const AVAILABLE: Condition = {
  status: 'False',
  reason: 'AddressesAvailable',
  message: 'no ADD of the cluster’s network was refused lately',
};
const RETURNING = { reason: 'AddressesReturn', message: 'addresses can be had again, for a short time so far' };

interface Kept {
  hold: Hold;
  /** While it is held. */
  wanted: Condition;
  /** As the API had it last. */
  node: KeptNode | undefined;
  /** As it was taken last. */
  condition: Condition | undefined;
  /** Whether the taint is there by the word of this process; undefined before it looked. */
  isSet: boolean | undefined;
  news: ReturnType<ConditionAndTaint['turned']>;
}

export function conditionAndTaint(keeping: Keeping): ConditionAndTaint {
  const { node, taints } = keeping;
  const refresh = dueBy(keeping.now);
  const kept: Kept = {
    hold: notHeld,
    wanted: AVAILABLE,
    node: undefined,
    condition: undefined,
    isSet: undefined,
    news: undefined,
  };
  return {
    decide: (evidence) => decide(kept, keeping, evidence),
    async say() {
      const known = kept.node === undefined ? heard(kept, taints, await node.read()) : 'said';
      if (known !== 'said' || kept.node === undefined) return known;
      const said = await sayCondition(kept, keeping, { before: kept.node, refresh });
      return said === 'said' ? sayTaint(kept, keeping) : said;
    },
    turned() {
      const { news } = kept;
      kept.news = undefined;
      return news;
    },
    async end() {
      const untainted = await node.setTaint(false);
      if (untainted.kind === 'done') kept.isSet = false;
      if (kept.condition !== undefined || kept.node?.condition !== undefined) await node.removeCondition();
      kept.condition = undefined;
      return untainted.kind === 'done' || kept.isSet !== true;
    },
    uid: () => kept.node?.uid,
    status: () => ({
      ...(kept.condition === undefined ? {} : { condition: kept.condition }),
      tainted: kept.isSet === true,
    }),
  };
}

function decide(kept: Kept, { now, times, forgetRefusals }: Keeping, evidence: AddressEvidence): void {
  const lacking = evidence.kind === 'lacking';
  kept.hold = evidence.kind === 'leaving' ? notHeld : nextHold(kept.hold, lacking, now(), times);
  const { reason, message } = lacking ? evidence : RETURNING;
  kept.wanted = { status: 'True', reason, message };
  if (!kept.hold.held && !lacking) forgetRefusals();
}

function heard(kept: Kept, taints: boolean, answer: NodeAnswer): Said {
  if (answer.kind === 'refused' && answer.status === 409) return 'changed meanwhile';
  if (answer.kind !== 'done') return answer;
  kept.node = answer.node;
  // Another process set it, before this one or beside it: this one lets it go no sooner than one of its own.
  if (taints && isTainted(answer.node) && kept.isSet !== true) {
    kept.hold = found(kept.hold);
    kept.isSet = true;
  }
  return 'said';
}

async function sayCondition(
  kept: Kept,
  { node, now, taints }: Keeping,
  { before, refresh }: { readonly before: KeptNode; readonly refresh: Due },
): Promise<Said> {
  const next = kept.hold.held ? kept.wanted : AVAILABLE;
  const { condition } = kept;
  const isOther = condition?.status !== next.status || condition.reason !== next.reason;
  if (!isOther && !refresh.isIt()) return 'said';
  const said = heard(kept, taints, await node.setCondition(next, before, now()));
  if (said !== 'said') return said;
  if (condition !== undefined && condition.status !== next.status) kept.news = newsOf(next);
  kept.condition = next;
  refresh.in(kept.hold.held ? HELD_REFRESH_MS : REFRESH_MS);
  return said;
}

async function sayTaint(kept: Kept, { node, taints }: Keeping): Promise<Said> {
  const present = kept.hold.held && taints;
  const isAsWanted = kept.node !== undefined && isTainted(kept.node) === present;
  const said = isAsWanted ? 'said' : heard(kept, taints, await node.setTaint(present));
  if (said === 'said') kept.isSet = present;
  return said;
}

const newsOf = ({ status, message }: Condition) =>
  status === 'True'
    ? ({ type: 'Warning', reason: 'NoAddresses', message } as const)
    : ({ type: 'Normal', reason: 'AddressesAvailable', message: 'addresses can be had again' } as const);
