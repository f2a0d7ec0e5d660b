/**
 * That this node was declared dead although it runs. It counts while a container of this boot lives with a lease of the life
 * that is over: the next ADD begins another life, and the addresses of the former one may be given to others all the same.
 */
import type { HeartbeatResult } from '../../core/contract/heartbeat.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from './node-records.ts';

const ROW = 'declared dead';

/** Whether the life that is over was ended by somebody else: not where this node itself said goodbye. */
export const wasDeclaredDead = (
  answer: HeartbeatResult | undefined,
  networks: readonly Pick<NodeRecords, 'leaving'>[],
): boolean => {
  if (answer?.declaredDead !== true) return false;
  const { incarnation = Number.POSITIVE_INFINITY } = answer;
  return !networks.some(({ leaving }) => Math.max(leaving.lifeSaid(), leaving.lifeLeft()) >= incarnation);
};

/** @param incarnation of the life that was declared over: what the node was told of blocks in it is void from now on */
export function noteDeclaredDead({ setMeta, noteToldLife, bootId }: NodeRecords, incarnation: number): void {
  setMeta(ROW, JSON.stringify({ boot: bootId, incarnation }));
  noteToldLife(incarnation + 1);
}

/** The last life of this boot that was declared over; 0 where none was. */
export function deadLife({ meta, bootId }: Pick<NodeRecords, 'meta' | 'bootId'>): number {
  const noted = parseJson(meta(ROW) ?? '');
  return isObject(noted) && noted.boot === bootId ? Number(noted.incarnation) : 0;
}

/** How many containers live with leases of a life that was declared over; 0 where none was. */
export function leasesOfDeadLife(records: Pick<NodeRecords, 'meta' | 'bootId' | 'journal'>): number {
  const dead = deadLife(records);
  if (dead === 0) return 0;
  const entries = records.journal.entries();
  return entries.filter(({ bootId: of, incarnation = 0 }) => of === records.bootId && incarnation <= dead).length;
}
