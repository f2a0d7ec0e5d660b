/**
 * That this node was declared dead although it runs. It counts while a container of this boot lives with a lease of the life
 * that is over: the next ADD begins another life, and the addresses of the former one may be given to others all the same.
 */
import type { HeartbeatResult } from '../../core/contract/heartbeat.ts';
import { DEAD, lifeOf } from './life-rows.ts';
import type { NodeRecords } from './node-records.ts';

/** Whether the life that is over was ended by somebody else: not where this node itself said goodbye. */
export const wasDeclaredDead = (
  answer: HeartbeatResult | undefined,
  networks: readonly Pick<NodeRecords, 'leaving'>[],
): boolean => {
  if (answer?.declaredDead !== true) return false;
  const { incarnation = Number.POSITIVE_INFINITY } = answer;
  return !networks.some(({ leaving }) => Math.max(leaving.lifeSaid(), leaving.lifeLeft()) >= incarnation);
};

/** @param life that was declared over */
export const noteDeclaredDead = ({ noteLives }: Pick<NodeRecords, 'noteLives'>, life: number): void =>
  noteLives({ dead: life });

/** The last life of this boot that was declared over; 0 where none was. */
export const deadLife = ({ meta, bootId }: Pick<NodeRecords, 'meta' | 'bootId'>): number =>
  lifeOf(meta(DEAD), bootId) ?? 0;

/** How many containers live with leases of a life that was declared over; 0 where none was. */
export function leasesOfDeadLife(records: Pick<NodeRecords, 'meta' | 'bootId' | 'journal'>): number {
  const dead = deadLife(records);
  if (dead === 0) return 0;
  const entries = records.journal.entries();
  return entries.filter(({ bootId: of, incarnation = 0 }) => of === records.bootId && incarnation <= dead).length;
}
