/** `lessorctl pools`. */
import type { PoolView } from '../../core/contract/pool.ts';
import type { UsageResult } from '../../core/contract/questions.ts';
import { NONE } from '../print/cell.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { ofEach } from './each-pool.ts';
import { poolsOf } from './pools-of.ts';
import { vrfColumn, vrfOptions, vrfsMeant, vrfsText } from './vrfs.ts';
import { ageCell, orNone, shareCell, sizeText, stateCell } from './words.ts';

/** Pools of which it is asked how full they are: one request each. */
const MOST_ASKED = 500;

interface Row {
  readonly pool: PoolView;
  readonly usage: UsageResult | undefined;
}

export const pools = command({
  about: `How full they are is read from the counters, which are some seconds old, and do not count what cools. Where blocks
belong to nodes, a pool can be full with addresses free: see pool NAME.`,
  arguments: {},
  options: {
    ...vrfOptions,
    fast: { kind: 'flag', help: 'do not ask how full they are: one request for 100 pools' },
  },
  examples: [
    { line: 'pools', does: 'Which pools there are' },
    { line: 'pools -o name', does: 'Their names, for another command' },
    { line: 'pools --vrf blue -o wide', does: 'Those of another VRF, with all that is known' },
    { line: 'pools -A', does: 'Those of all VRFs' },
  ],
  watchable: true,
  async run({ fast, 'all-vrfs': all }, session) {
    const { service, forPeople, shell } = session;
    const vrfs = await vrfsMeant(session, all);
    const [api, found] = [await service(), await poolsOf(session, vrfs)];
    const askUsage = forPeople && !fast && found.length <= MOST_ASKED;
    const useOf = async (pool: PoolView): Promise<Row> => ({
      pool,
      usage: await api.ask('usage', { path: { pool: pool.name }, query: { vrf: pool.vrf, cheap: 'true' } }),
    });
    const rows = askUsage ? await ofEach(found, useOf) : found.map((pool): Row => ({ pool, usage: undefined }));
    return {
      document: { pools: found },
      names: found.map(({ name }) => name),
      view: (wide) => [
        ...(askUsage || fast
          ? []
          : [textPart(`How full they are is not asked of more than ${MOST_ASKED} pools: see lessorctl top.`)]),
        rows.length === 0
          ? textPart(`In ${vrfsText(vrfs, all)} is no pool: lessorctl pool create makes one.`)
          : tablePart(rows, columns(shell.now(), all), wide),
      ],
    };
  },
});

const columns = (now: number, all: boolean): Column<Row>[] => [
  ...vrfColumn<Row>(all, ({ pool }) => pool.vrf),
  { head: 'NAME', of: ({ pool }) => pool.name, shrinks: true },
  { head: 'STATE', of: ({ pool }) => stateCell(pool.state) },
  { head: 'USED', of: ({ usage }) => (usage === undefined ? NONE : shareCell(usage.held, usage.capacity)) },
  { head: 'HELD', of: ({ usage }) => (usage === undefined ? NONE : String(usage.held)) },
  { head: 'SIZE', of: ({ pool }) => sizeText(pool.capacity) },
  { head: 'BLOCKS', of: ({ pool }) => `${pool.affinity === 'node' ? 'node' : 'shared'}/${pool.blockSize}` },
  { head: 'RANGES', of: ({ pool }) => subnetsText(pool), shrinks: true },
  { head: 'AGE', of: ({ pool }) => ageCell(pool.createdAt, now) },
  { head: 'LEASING', of: ({ pool }) => pool.leasing, wide: true },
  { head: 'COOLDOWN', of: ({ pool }) => `${pool.cooldownSeconds}s`, wide: true },
  { head: 'CLUSTERS', of: ({ pool }) => orNone(pool.clusters.join(',')), wide: true },
  { head: 'NAMESPACES', of: ({ pool }) => orNone(pool.namespaces.join(',')), wide: true },
  { head: 'DEFAULT', of: ({ pool }) => (pool.default ? 'yes' : 'no'), wide: true },
  { head: 'ID', of: ({ pool }) => pool.id, wide: true },
  { head: 'VERSION', of: ({ pool }) => String(pool.version), wide: true },
];

/** Range sets by `+`, the ranges of each by a comma. */
const subnetsText = ({ ranges }: PoolView): string =>
  ranges.map((set) => set.map(({ subnet }) => subnet).join(',')).join(' + ');
