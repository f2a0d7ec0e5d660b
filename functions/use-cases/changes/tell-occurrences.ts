/** Tells on the event bus what happened to nodes and blocks, by the changes of their table. */
import pMap from 'p-map';
import type { LessorEvent } from '../../../core/contract/events.ts';
import { most } from '../../../core/contract/limits.ts';
import type { Occurrence } from '../../../core/protocol/occurrence.ts';
import { type BlockKey, blockToText } from '../../../core/protocol/slot-ref.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { ifReadable } from './if-readable.ts';
import { percentOf } from './percent.ts';

/**
 * A record that comes again, late or in another order is told with the same id: it is made of what the record says.
 * @throws where some were not told: then all of them come again
 */
export async function tellOccurrences(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  occurrences: readonly Occurrence[],
): Promise<void> {
  const told = await pMap(occurrences, (one) => eventOf(deps, one), { concurrency: REQUESTS_AT_ONCE });
  await deps.events.put(
    told.filter((event) => event !== undefined),
    call,
  );
}

async function eventOf(deps: Dependencies, occurrence: Occurrence): Promise<LessorEvent | undefined> {
  switch (occurrence.is) {
    case 'node-dead':
      return nodeDead(deps, occurrence);
    case 'swept': {
      const { death, freed, complete, at } = occurrence;
      const { node, incarnation, declaredAt, freed: freedInAll } = death;
      const detail = { node, incarnation, freed, freedInAll, complete };
      return { type: 'leasesReclaimed', key: [node, declaredAt, freedInAll, Number(complete)], at, detail };
    }
    case 'block-claimed':
    case 'block-returned': {
      // With whose it is: after a restore another node may have the generation.
      const { key, generation, owner, at } = occurrence;
      const { node, incarnation } = owner;
      const detail = { node, incarnation, ...(await inBlock(deps, key)), generation };
      const turn = { key: [key.pool, blockToText(key.block), generation, node, incarnation], at };
      if (occurrence.is === 'block-claimed') return { type: 'blockClaimed', ...turn, detail };
      const because = occurrence.forced ? 'reclaimed' : 'given-back';
      return { type: 'blockReturned', ...turn, detail: { ...detail, because } };
    }
    case 'pool-filled':
      return poolFilled(deps, occurrence);
  }
}

/** The record of the death is written before the mark; that of an earlier version may lie in another place. */
async function nodeDead(
  { store }: Dependencies,
  { node, incarnation, declaredAt }: Extract<Occurrence, { is: 'node-dead' }>,
): Promise<LessorEvent> {
  const [death, listed] = await Promise.all([
    ifReadable(store.nodes.readDeath({ node, declaredAt })),
    ifReadable(store.nodes.readListed(node)),
  ]);
  const { cluster, name } = listed ?? {};
  const said = death === undefined ? {} : { reason: death.reason.slice(0, most.reason), declaredBy: death.declaredBy };
  const known = { ...(cluster === undefined ? {} : { cluster }), ...(name === undefined ? {} : { name }) };
  return {
    type: 'nodeDead',
    key: [node, incarnation, declaredAt],
    at: declaredAt,
    detail: { node, incarnation, ...known, ...said },
  };
}

/** From full to nearly full is no news: it is told as full again only after it had some room. */
async function poolFilled(
  deps: Dependencies,
  { pool: id, before, fill }: Extract<Occurrence, { is: 'pool-filled' }>,
): Promise<LessorEvent | undefined> {
  const { level, use, at, turn } = fill;
  if (level === before || (level === 'near' && before === 'full')) return undefined;
  const type = EVENT_OF[level];
  const { definition } = (await ifReadable(knownPool(deps, id))) ?? {};
  const named = definition === undefined ? {} : { vrf: definition.vrf, pool: definition.name };
  return { type, key: [id, turn, at], at, detail: { poolId: id, ...named, usePercent: percentOf(use) } };
}

const EVENT_OF = { room: 'poolRecovered', near: 'poolNearExhaustion', full: 'poolExhausted' } as const;

async function inBlock(deps: Dependencies, { pool: id, block }: BlockKey) {
  const pool = await ifReadable(knownPool(deps, id));
  // A pool that was deleted and one that shrank are told of no less.
  const isThere = pool !== undefined && block < pool.space.blocks;
  const prefixes = isThere ? pool.space.blockPrefixes(block).slice(0, most.eventPrefixes) : [];
  const named = pool === undefined ? {} : { vrf: pool.definition.vrf, pool: pool.definition.name };
  return { poolId: id, ...named, block: blockToText(block), prefixes };
}
