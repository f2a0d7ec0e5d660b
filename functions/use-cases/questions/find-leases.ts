/** Who has an address, and which addresses a node or a pod has. */

import { formatAddress, parseAddress } from '../../../core/addresses/address.ts';
import { covers } from '../../../core/addresses/slot-intervals.ts';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { AddressResult, LeasesQuery, LeasesResult } from '../../../core/contract/questions.ts';
import { blockKeyFromText, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshPool, knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { unknownNode } from '../nodes/membership.ts';
import { readPool } from '../pools/read-pool.ts';
import { rowsIn } from './list-leases.ts';

/** @throws LessorError request.invalid */
export async function whoHas(deps: Dependencies, { vrf, text }: { vrf: string; text: string }): Promise<AddressResult> {
  const address = parseAddress(text);
  if (address === undefined) {
    const remedy = 'write it like 10.1.0.5 or fd00::5, without a prefix length';
    throw new LessorError('request.invalid', `address ${JSON.stringify(text)} is not an IP address`, { remedy });
  }
  const found = { address: formatAddress(address), vrf };
  const { pools } = await deps.store.pools.readRegistry(vrf);
  for (const { id } of pools) {
    const pool = await freshPool(deps, id);
    const at = pool?.space.find(address);
    if (pool === undefined || at === undefined) continue;
    const { block, slot } = at;
    const where = { ...found, pool: pool.definition.name, slot: slotToWire({ pool: id, block, slot }) };
    const owner = pool.definition.affinity === 'node' ? await deps.store.blocks.read({ pool: id, block }) : undefined;
    const blockOf = owner?.owner ? { blockOf: owner.owner.node } : {};
    const slots = await deps.store.leases.readBlock({ pool: id, block });
    const [lease] = rowsIn(pool, block, new Map([...slots].filter(([one]) => one === slot)), deps.now());
    if (lease) return { ...where, ...blockOf, state: lease.state, lease };
    const keeper = pool.definition.reservations.find(({ name }) =>
      covers(pool.space.reservedFor(name), ordinal(pool, at)),
    );
    if (keeper) return { ...where, ...blockOf, state: 'reserved', reservation: keeper.name };
    return { ...where, ...blockOf, state: pool.space.isUsable(block, slot) ? 'free' : 'unusable' };
  }
  return { ...found, state: 'outside' };
}

/** @throws LessorError request.invalid, node.unknown, service.busy */
export async function findLeases(deps: Dependencies, call: Call, wanted: LeasesQuery): Promise<LeasesResult> {
  const { vrf, node, namespace, pod } = wanted;
  if (node === undefined && namespace === undefined) {
    const remedy = 'give node=<id>, or namespace=<namespace> and perhaps pod=<name>';
    throw new LessorError('request.invalid', `query says neither of which node nor of which pods`, { remedy });
  }
  if (pod !== undefined && namespace === undefined)
    throw new LessorError('request.invalid', `query.pod ${pod} has no namespace`, {
      remedy: 'give namespace=<namespace> too',
    });
  const rows = node === undefined ? await ofPods(deps, call, vrf) : await ofNode(deps, vrf, node);
  const leases = rows.filter(
    (row) =>
      (node === undefined || row.node === node) &&
      (namespace === undefined || row.pod?.namespace === namespace) &&
      (pod === undefined || row.pod?.name === pod),
  );
  return { leases };
}

const ordinal = ({ space }: KnownPool, { block, slot }: { block: bigint; slot: number }): bigint =>
  block * BigInt(space.blockSize) + BigInt(slot);

type Row = LeaseRow & { pool: string };

/** A node's item has every block in which it may hold a lease. */
async function ofNode(deps: Dependencies, vrf: string, id: string): Promise<Row[]> {
  const node = await deps.store.nodes.readNode(id);
  if (node === undefined) throw unknownNode(id);
  const rows: Row[] = [];
  for (const key of [...node.joinedBlocks].map(blockKeyFromText)) {
    const pool = await knownPool(deps, key.pool);
    if (pool?.definition.vrf !== vrf) continue;
    rows.push(...ofPool(pool, rowsIn(pool, key.block, await deps.store.leases.readBlock(key), deps.now())));
  }
  return rows;
}

/** No index has pods: every pool of the VRF is gone through. */
async function ofPods(deps: Dependencies, call: Call, vrf: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { id } of (await deps.store.pools.readRegistry(vrf)).pools) {
    const pool = await knownPool(deps, id);
    if (pool === undefined) continue;
    for await (const { block, slots } of readPool(deps, call, pool))
      rows.push(...ofPool(pool, rowsIn(pool, block, slots, deps.now())));
  }
  return rows;
}

const ofPool = ({ definition }: KnownPool, rows: readonly LeaseRow[]): Row[] =>
  rows.map((row) => ({ ...row, pool: definition.name }));
