/**
 * Whether pods get addresses on this node, as far as somebody tried: what ADDs were refused says for which network to ask, and then
 * the node's own blocks and the service say whether it is so. Where no ADD failed nobody is asked.
 */
import type { Calls } from '../api/client.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { openPoolChoices } from '../node/pool-choices.ts';
import { forgetRefusedNetwork, type RefusedNetwork, refusedNetworks } from '../node/refused-network.ts';
import { hasRoomOfItsOwn, verdict } from '../sync/availability.ts';

/** `leaving`: no pod begins here, and whoever makes it leave has drained it. */
export type AddressEvidence =
  | { readonly kind: 'available' | 'leaving' }
  | { readonly kind: 'lacking'; readonly reason: string; readonly message: string };

export interface EvidenceSources {
  readonly networks: readonly NodeRecords[];
  readonly api: Pick<Calls, 'readiness'>;
  readonly surroundings: Pick<Surroundings, 'now' | 'sleep'>;
}

/** A network of which no ADD was refused for so long may be none of this node's any more. */
const COUNTS_FOR_MS = 60 * 60_000;
/** kubelet tries a pod again after less than this. */
const RECENT_MS = 60_000;

/** @throws LessorError `node.storage` */
export async function addressEvidence(sources: EvidenceSources): Promise<AddressEvidence> {
  const { networks } = sources;
  if (networks.some(({ leaving }) => leaving.isLeaving())) return { kind: 'leaving' };
  const lacks: Lack[] = [];
  for (const records of networks)
    for (const refused of refusedNetworks(records)) {
      const lack = await lackOf(sources, records, refused);
      if (lack !== undefined) lacks.push(lack);
    }
  const [first] = lacks;
  if (first === undefined) return { kind: 'available' };
  return { kind: 'lacking', reason: first.reason, message: lacks.map(({ message }) => message).join('; ') };
}

/** Addresses can be had, and have been for long enough: what was refused before says no more. */
export function forgetRefusals({ networks, surroundings }: EvidenceSources): void {
  for (const records of networks)
    for (const refused of refusedNetworks(records))
      if (!isWithin(RECENT_MS, refused, surroundings.now())) forgetRefusedNetwork(records, refused);
}

interface Lack {
  readonly reason: string;
  readonly message: string;
}

/** A clock that was set back makes it old. */
const isWithin = (milliseconds: number, { at }: RefusedNetwork, now: number): boolean =>
  at <= now && now - at < milliseconds;

async function lackOf(
  { api, surroundings }: EvidenceSources,
  records: NodeRecords,
  refused: RefusedNetwork,
): Promise<Lack | undefined> {
  const { network, pool, labels, code, what, remedy, ofNodes } = refused;
  if (!isWithin(COUNTS_FOR_MS, refused, surroundings.now())) return undefined;
  const choices = openPoolChoices(records, network, { request: pool, labels, namespace: undefined });
  if (hasRoomOfItsOwn({ surroundings, records }, choices)) return undefined;
  const answer = await verdict({ surroundings, records, api, name: network, pool, labels });
  const { why } = answer;
  if (why !== undefined) return lack(network, answer.code ?? code, why, answer.remedy);
  // The service counts what is free in blocks of other nodes too.
  if (ofNodes && isWithin(RECENT_MS, refused, surroundings.now())) return lack(network, code, what, remedy);
  return undefined;
}

const lack = (network: string, code: string, why: string, remedy: string | undefined): Lack => ({
  reason: REASONS[code] ?? 'AddressesRefused',
  message: `network ${network}: ${code}: ${why}${remedy === undefined ? '' : `: ${remedy}`}`,
});

const REASONS: Readonly<Record<string, string>> = {
  'pool.exhausted': 'PoolExhausted',
  'pool.cooling': 'AddressesCooling',
  'pool.draining': 'PoolDraining',
  'service.unavailable': 'ServiceUnreachable',
  'service.busy': 'ServiceUnreachable',
};
