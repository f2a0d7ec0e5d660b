/** EC2's event that an instance is terminated: verified where it can be, then declared and fenced. */
import type { Call } from '../dependencies.ts';
import type { EvidenceDependencies } from './dependencies.ts';
import { endTerminated } from './end-terminated.ts';
import { type EvidenceRules, evidenceRules } from './rules.ts';

/** As AWS says it: nobody else can put an event whose source begins with `aws.`, and nobody chooses its account and Region. */
export interface TerminatedEvent {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly account: string;
  readonly region: string;
  /** `i-…` */
  readonly instance: string;
}

export type EventOutcome =
  | { readonly is: 'ended'; readonly node: string; readonly incarnation: number; readonly freed: number }
  /** Nothing is to be done: no node, or one whose life is over. */
  | { readonly is: 'nothing'; readonly node: string; readonly why: 'no node' | 'dead already' }
  /** It has to be told again: EC2 did not answer, or does not say the same, which is a doubt. It frees nothing. */
  | ({ readonly is: 'unclear'; readonly node: string } & Unclear)
  /** Of an account that the deployment does not name: it frees nothing. */
  | { readonly is: 'refused'; readonly why: string };

interface Unclear {
  readonly why: string;
  readonly isDoubt: boolean;
}

export async function instanceTerminated(
  deps: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  event: TerminatedEvent,
  rules: EvidenceRules = evidenceRules,
): Promise<EventOutcome> {
  const isOwn = event.account === deps.own.id;
  if (!isOwn && !deps.otherAccounts.includes(event.account))
    return { is: 'refused', why: `account ${event.account} is not one of evidence.accounts` };
  const id = isOwn ? event.instance : `${event.account}/${event.instance}`;
  // Before EC2 is asked: what it says is true of the life that was there then. Most instances of an account are no nodes.
  const node = await deps.store.nodes.readNode(id);
  if (node === undefined) return { is: 'nothing', node: id, why: 'no node' };
  if (!node.alive) return { is: 'nothing', node: id, why: 'dead already' };
  const doubt = isOwn ? await doubtAbout(deps, call, event, rules) : undefined;
  if (doubt !== undefined) return { is: 'unclear', node: id, ...doubt };
  const ended = await endTerminated(deps, call, node, saidBy(event, isOwn));
  if (ended.is === 'passed')
    return { is: 'unclear', node: id, why: 'another life of it began, or ended, meanwhile', isDoubt: false };
  return { node: id, ...ended };
}

const saidBy = ({ id, time, region }: TerminatedEvent, isOwn: boolean) => ({
  declaredBy: isOwn ? 'ec2/event+DescribeInstances' : 'ec2/event',
  reason: isOwn
    ? `EC2 of ${region} says that it is terminated: event ${id} of ${time}, and asked again`
    : `EC2 of ${region} says that it is terminated: event ${id} of ${time}, forwarded from its account`,
});

/** Undefined where EC2 says so too. Another account's instance cannot be asked for: there the event is the evidence. */
async function doubtAbout(
  { instances, store, now }: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  { instance, region }: TerminatedEvent,
  rules: EvidenceRules,
): Promise<Unclear | undefined> {
  const at = now();
  const answer = await instances.lookUp(region, [instance], call);
  if (answer.is === 'failed') return { why: answer.why, isDoubt: false };
  const state = answer.states.get(instance);
  if (state === undefined) return { why: 'EC2 says nothing of it', isDoubt: true };
  const listed = await store.nodes.readListed(instance);
  await store.nodes.noteInstance(instance, { state, region, at });
  // An event may come late, as from the dead-letter queue: EC2 has forgotten then what it knew.
  if (rules.isEnd(state, listed?.knownToEc2In, region)) return undefined;
  return { why: `EC2 says that it is ${state}`, isDoubt: true };
}
