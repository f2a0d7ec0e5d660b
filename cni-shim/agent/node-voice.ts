/**
 * What Kubernetes is told of this node: a condition and a taint while no address can be had, and events. It has a loop and time of
 * its own, so that no other work of the agent ever waits for the Kubernetes API.
 */
import type { About, EventLog, Happening } from '../kubernetes/events.ts';
import { type Condition, isTainted, type Looked, type NodeObject, type NodeView } from '../kubernetes/node-object.ts';
import type { AddressEvidence } from './address-evidence.ts';
import { dueBy } from './due.ts';
import { found, type Hold, type HoldTimes, nextHold, notHeld } from './hold.ts';
import type { KubernetesStatus } from './kubernetes-status.ts';
import type { KubernetesTrouble } from './kubernetes-trouble.ts';

export interface VoiceParts {
  /** As the cluster calls this node. */
  readonly name: string;
  readonly node: NodeObject;
  readonly events: EventLog;
  readonly trouble: KubernetesTrouble;
  readonly evidence: () => Promise<AddressEvidence>;
  readonly happenings: (node: About) => readonly Happening[];
  /** Addresses can be had: former refusals say no more. */
  readonly forgetRefusals: () => void;
  readonly now: () => number;
  readonly times: HoldTimes;
  /** False: none is set, and one that is there goes. */
  readonly taints: boolean;
}

export interface NodeVoice {
  /** What is due now. @throws LessorError `node.storage` */
  look(): Promise<void>;
  /** It is told to stop: what it set goes, since nobody might take it away. False where the taint may have stayed. */
  end(): Promise<boolean>;
  readonly status: KubernetesStatus;
}

export const voiceTimes = {
  lookMs: 2_000,
  /** The condition is said again: kubelet and node-problem-detector do so as often. */
  refreshMs: 5 * 60_000,
  /** While no address can be had it is looked whether somebody took the taint away. */
  heldRefreshMs: 60_000,
};

const AVAILABLE: Condition = {
  status: 'False',
  reason: 'AddressesAvailable',
  message: 'no ADD of the cluster’s network was refused lately',
};
const RETURNING = { reason: 'AddressesReturn', message: 'addresses can be had again, for a short time so far' };

export function nodeVoice(parts: VoiceParts): NodeVoice {
  const { name, events, trouble, now } = parts;
  const keeper = conditionAndTaint(parts);
  return {
    async look() {
      const evidence = await parts.evidence();
      keeper.decide(evidence);
      const node = { kind: 'Node', name, uid: keeper.uid() } as const;
      for (const happening of parts.happenings(node)) events.note(happening);
      if (trouble.isIt('node')) {
        const said = await keeper.say();
        if (said === 'said') trouble.well('node');
        else if (said !== 'changed meanwhile') trouble.failed('node', said);
      }
      const turned = keeper.turned();
      if (turned !== undefined) events.note({ ...turned, about: node, at: now() });
      if (!trouble.isIt('events')) return;
      const sent = await events.send();
      if (sent.kind === 'done') trouble.well('events');
      if (sent.kind === 'refused' || sent.kind === 'unanswered') trouble.failed('events', sent);
    },
    end: keeper.end,
    get status() {
      const why = trouble.why();
      return {
        node: name,
        ...keeper.status(),
        events: { ...events.counts },
        ...(why === undefined ? {} : { trouble: why }),
      };
    },
  };
}

type Said = 'said' | 'changed meanwhile' | Exclude<Looked, { readonly kind: 'done' }>;

function conditionAndTaint({ node, name, now, times, taints, forgetRefusals }: VoiceParts) {
  const refresh = dueBy(now);
  let hold: Hold = notHeld;
  let wanted = AVAILABLE;
  /** As the API had it last. */
  let view: NodeView | undefined;
  /** As it was taken last. */
  let condition: Condition | undefined;
  /** Whether the taint is there by the word of this process; undefined before it looked. */
  let isSet: boolean | undefined;
  let news: Pick<Happening, 'type' | 'reason' | 'message'> | undefined;

  function heard(looked: Looked): Said {
    // Somebody else changed the node each time: it is due still.
    if (looked.kind === 'refused' && looked.status === 409) return 'changed meanwhile';
    if (looked.kind !== 'done') return looked;
    view = looked.node;
    // Another process set it, before this one or beside it: this one lets it go no sooner than one of its own.
    if (taints && isTainted(view) && isSet !== true) {
      hold = found(hold);
      isSet = true;
    }
    return 'said';
  }

  async function sayCondition(before: NodeView): Promise<Said> {
    const next = hold.held ? wanted : AVAILABLE;
    const isOther = condition?.status !== next.status || condition.reason !== next.reason;
    if (!isOther && !refresh.isIt()) return 'said';
    const said = heard(await node.setCondition(next, before, now()));
    if (said !== 'said') return said;
    if (condition !== undefined && condition.status !== next.status) news = newsOf(next);
    condition = next;
    refresh.in(hold.held ? voiceTimes.heldRefreshMs : voiceTimes.refreshMs);
    return said;
  }

  async function sayTaint(): Promise<Said> {
    const present = hold.held && taints;
    if (view !== undefined && isTainted(view) === present) {
      isSet = present;
      return 'said';
    }
    const said = heard(await node.setTaint(present));
    if (said === 'said') isSet = present;
    return said;
  }

  return {
    decide(evidence: AddressEvidence): void {
      const lacking = evidence.kind === 'lacking';
      hold = evidence.kind === 'leaving' ? notHeld : nextHold(hold, lacking, now(), times);
      wanted = {
        status: 'True',
        ...RETURNING,
        ...(lacking ? { reason: evidence.reason, message: evidence.message } : {}),
      };
      if (!hold.held && !lacking) forgetRefusals();
    },
    async say(): Promise<Said> {
      const known: Said = view === undefined ? heard(await node.read()) : 'said';
      if (known !== 'said' || view === undefined) return known;
      const said = await sayCondition(view);
      return said === 'said' ? sayTaint() : said;
    },
    /** Once, after the condition became another one. */
    turned() {
      const is = news;
      news = undefined;
      return is;
    },
    async end(): Promise<boolean> {
      const untainted = await node.setTaint(false);
      if (untainted.kind === 'done') isSet = false;
      if (condition !== undefined || view?.condition !== undefined) await node.removeCondition();
      condition = undefined;
      return untainted.kind === 'done' || isSet !== true;
    },
    uid: () => view?.uid ?? name,
    status: () => ({ ...(condition === undefined ? {} : { condition }), tainted: isSet === true }),
  };
}

const newsOf = ({ status, message }: Condition) =>
  status === 'True'
    ? ({ type: 'Warning', reason: 'NoAddresses', message } as const)
    : ({ type: 'Normal', reason: 'AddressesAvailable', message: 'addresses can be had again' } as const);
