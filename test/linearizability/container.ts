/** One container after the other: added with a nonce of its own, asked for again, reported where the service was away, deleted. */
import type { SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { allocate } from '../../functions/use-cases/add/allocate.ts';
import { release } from '../../functions/use-cases/leases/release.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { callOf } from '../functions/world.ts';
import type { Answer } from './history.ts';
import {
  attachmentOf,
  bootOf,
  type Entry,
  ends,
  keyOf,
  learn,
  type Machine,
  podOf,
  propose,
  requestOf,
  sameSlot,
  tryOf,
} from './machine.ts';
import type { Try } from './slot.ts';
import { ask, nothing, type Outcome, type Stage, wait } from './stage.ts';

const ATTEMPTS = 3;
const DELETES = 5;
const COPIED = 0.15;
const IMPATIENT = 0.15;
const REPEATED = 0.2;

/** Every life of one container. */
export async function live(stage: Stage, node: Machine, index: number): Promise<void> {
  const { chance, configuration } = stage;
  let liked: SlotReference | undefined;
  for (let turn = 1; turn <= configuration.lives; turn += 1) {
    await wait(stage, chance.under(12));
    const by = tryOf(stage, node, index, turn);
    const before = { slot: undefined, proposed: undefined, asks: 0, leasesFrom: new Set<string>() };
    const entry: Entry = { by, boot: node.boot, state: 'asked', ...before };
    entry.proposed = propose(stage, node, liked);
    node.entries.add(entry);
    const isUp = () => node.boot === entry.boot;
    await beAdded(stage, node, entry);
    if (isUp()) await wait(stage, chance.under(20));
    if (isUp() && entry.state === 'local') await beReported(stage, node, entry);
    if (isUp() && entry.state === 'acknowledged' && chance.happens(REPEATED)) await add(stage, node, entry, 2);
    liked = entry.slot ?? liked;
    if (isUp() && configuration.forgets && chance.happens(0.5)) node.entries.delete(entry);
    else if (isUp()) await beDeleted(stage, node, entry);
  }
}

async function beAdded(stage: Stage, node: Machine, entry: Entry): Promise<void> {
  const { chance, configuration } = stage;
  if (configuration.delegated !== undefined) liveOffline(stage, node, entry);
  if (entry.state === 'local') return;
  for (let attempt = 1; attempt <= ATTEMPTS && node.boot === entry.boot; attempt += 1) {
    const asked = add(stage, node, entry, attempt);
    if (chance.happens(COPIED)) void askFor(stage, node, entry, attempt, true);
    const impatient = chance.happens(IMPATIENT);
    const outcome = await (impatient ? Promise.race([asked, wait(stage, 4)]) : asked);
    if (outcome === 'granted' || outcome === 'refused') return;
  }
  liveOffline(stage, node, entry);
}

/** An answer is taken if the container is still to come to live, with a slot that no other container lives with. */
async function add(
  stage: Stage,
  node: Machine,
  entry: Entry,
  attempt: number,
): Promise<'granted' | 'refused' | undefined> {
  const outcome = await askFor(stage, node, entry, attempt, false);
  if (outcome.kind === 'unanswered') return undefined;
  if (outcome.kind === 'refused') return 'refused';
  const { result } = outcome;
  learn(node, entry, result);
  const others = [...node.entries].filter((other) => other !== entry && sameSlot(other.slot, result.slot));
  const isChosen = entry.asks === 1 && entry.leasesFrom.has(result.slot.block) && node.boot === entry.boot;
  if (isChosen && others.some(({ state }) => state === 'local'))
    stage.useless.push(
      `${entry.by.containerId} is granted slot ${JSON.stringify(result.slot)}, with which another lives`,
    );
  if (!node.entries.has(entry) || entry.state === 'leaving' || others.length > 0) return 'refused';
  if (entry.state === 'local' && !sameSlot(entry.slot, result.slot)) return 'refused';
  for (const other of node.entries)
    if (other !== entry && sameSlot(other.proposed, result.slot)) other.proposed = undefined;
  entry.slot = result.slot;
  entry.state = 'acknowledged';
  return 'granted';
}

/** @param unread a copy that the network made: nobody waits for its answer */
function askFor(
  stage: Stage,
  node: Machine,
  entry: Entry,
  attempt: number,
  unread: boolean,
): Promise<Outcome<AllocateResult>> {
  const { by, boot } = entry;
  entry.asks += 1;
  if (stage.configuration.delegated !== undefined && entry.asks === 1) entry.leasesFrom = new Set(node.blocks.keys());
  const request = requestOf(stage, node, entry, attempt);
  return ask(
    stage,
    { kind: 'add', by, boot: bootOf(boot), ...(unread ? { unread } : {}) },
    (deps) => allocate(deps, callOf(node.id), request),
    (outcome): Answer => {
      if (outcome.kind === 'answered') return granted(outcome.result);
      const isFull = outcome.error.code === 'pool.exhausted' || outcome.error.code === 'pool.cooling';
      return isFull && stage.configuration.affinity === 'shared' ? { kind: 'full' } : nothing();
    },
  );
}

function granted({ slot, blocks, incarnation: life }: AllocateResult): Answer {
  const generation = blocks.find(({ block }) => block === slot.block)?.generation ?? 1;
  return { kind: 'granted', slot: keyOf(slot), generation, life };
}

/** The service did not answer: the container lives with the proposed slot, if that is of a block which is still the node's. */
function liveOffline({ configuration, history }: Stage, node: Machine, entry: Entry): void {
  const { proposed, by } = entry;
  const isUp = node.boot === entry.boot && entry.state === 'asked';
  if (!configuration.offline || !isUp || proposed === undefined) return;
  const { generation, life } = proposed;
  if (node.blocks.get(proposed.block)?.generation !== generation) return;
  history.happens(keyOf(proposed), { kind: 'lived with', by, generation, life });
  entry.slot = proposed;
  entry.state = 'local';
}

async function beReported(stage: Stage, node: Machine, entry: Entry): Promise<void> {
  const { slot: wire, proposed, by } = entry;
  if (wire === undefined || proposed === undefined) return;
  const { pool, block, slot } = wire;
  const { generation } = proposed;
  const request = {
    attachment: attachmentOf(by),
    nonce: by.nonce,
    boot: bootOf(entry.boot),
    slot: { pool, block, slot },
    generation,
    ...podOf(by),
  };
  for (let attempt = 1; attempt <= ATTEMPTS && node.boot === entry.boot && entry.state === 'local'; attempt += 1) {
    const outcome = await ask(
      stage,
      { kind: 'report', by, slot: keyOf(wire) },
      (deps) => reportLease(deps, callOf(node.id), request),
      (answer) => {
        if (answer.kind === 'answered')
          return { kind: 'granted', slot: keyOf(wire), generation, life: answer.result.incarnation };
        // A late request of this very node may hold it: the agent releases that, and reports again.
        const isOwn = answer.error.facts.holder === node.id;
        return answer.error.code === 'lease.lost' && !isOwn ? { kind: 'lost' } : nothing();
      },
    );
    if (outcome.kind === 'answered' && entry.state === 'local' && node.boot === entry.boot)
      entry.state = 'acknowledged';
    if (outcome.kind === 'refused' && outcome.error.code === 'lease.lost') return;
  }
}

async function beDeleted(stage: Stage, node: Machine, entry: Entry): Promise<void> {
  const isSure = entry.state === 'acknowledged' && entry.asks === 1;
  ends(stage, entry);
  entry.state = 'leaving';
  for (let attempt = 1; attempt <= DELETES && node.boot === entry.boot; attempt += 1) {
    const told = await askToRelease(stage, node, entry.by, entry.slot, isSure);
    if (told.kind !== 'answered') continue;
    node.entries.delete(entry);
    return;
  }
}

/** @param isSure whether nothing else can be held than `slot` */
export function askToRelease(
  stage: Stage,
  node: Machine,
  by: Try,
  slot: SlotReference | undefined,
  isSure: boolean,
): Promise<Outcome<unknown>> {
  const { chance } = stage;
  const wire = slot && { slot: { pool: slot.pool, block: slot.block, slot: slot.slot } };
  const acknowledged = isSure && wire !== undefined;
  const request = { attachment: attachmentOf(by), nonce: by.nonce, ...wire, acknowledged };
  const send = (unread: boolean) =>
    ask(
      stage,
      { kind: 'del', by, everywhere: !acknowledged, ...(unread ? { unread } : {}) },
      (deps) => release(deps, callOf(node.id), request),
      (outcome): Answer =>
        outcome.kind === 'answered' ? { kind: 'released', slots: outcome.result.released.map(keyOf) } : nothing(),
    );
  if (chance.happens(COPIED)) void send(true);
  return send(false);
}
