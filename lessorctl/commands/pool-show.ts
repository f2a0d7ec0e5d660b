/** `lessorctl pool NAME`. */
import type { AuditRow } from '../../core/contract/audit.ts';
import type { PoolView } from '../../core/contract/pool.ts';
import type { UsageResult } from '../../core/contract/questions.ts';
import type { Service } from '../api/service.ts';
import type { Cell } from '../print/cell.ts';
import { fieldsPart, type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { isNoChange } from './audit.ts';
import { useFields } from './usage.ts';
import { counted, stateCell, timeText } from './words.ts';

export const poolShow = command({
  about: `How full it is is counted exactly. Who changed it last is looked for in the audit, from the latest hour backwards.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: { fast: { kind: 'flag', help: 'how full it is by the counters, and not who changed it last' } },
  examples: [
    { line: 'pool shop', does: 'All that is known of a pool' },
    { line: 'pool shop -o yaml', does: 'The same, for a program' },
  ],
  watchable: true,
  async run({ pool: name, fast }, { service, target, shell }) {
    const [api, { vrf }] = [await service(), await target()];
    const path = { pool: name };
    const [pool, usage, change] = await Promise.all([
      api.ask('readPool', { path, query: { vrf } }),
      api.ask('usage', { path, query: { vrf, cheap: fast ? 'true' : 'false' } }),
      fast ? undefined : lastChange(api, `${vrf}/${name}`, shell.now()),
    ]);
    const document = { pool, usage, ...(change === undefined ? {} : { lastChange: change }) };
    return { document, names: [pool.name], view: (wide) => partsOf(pool, usage, change, wide) };
  },
});

/** Hours that are looked into, one after the other: most changes that somebody asks for are recent. */
const HOURS = [1, 24, 7 * 24, 30 * 24];
/** Pages of the audit that are read at most: an earlier service gives all that was done. */
const MOST_PAGES = 20;

async function lastChange(api: Service, subject: string, now: number): Promise<AuditRow | undefined> {
  let pages = 0;
  let to: string | undefined;
  for (const hours of HOURS) {
    const from = new Date(now - hours * 3_600_000).toISOString();
    let last: AuditRow | undefined;
    for await (const { entries } of api.pages('audit', { query: { from, to, subject } })) {
      const isChange = (entry: AuditRow) => entry.outcome === 'done' && !isNoChange(entry);
      last = entries.findLast((entry) => entry.subject === subject && isChange(entry)) ?? last;
      pages += 1;
      if (pages === MOST_PAGES) return last;
    }
    if (last !== undefined) return last;
    to = from;
  }
  return undefined;
}

function partsOf(pool: PoolView, usage: UsageResult, change: AuditRow | undefined, wide: boolean): Part[] {
  return [
    useFields(usage),
    fieldsPart([['State', stateCell(pool.state)], ...definition(pool), ...policy(pool)]),
    tablePart(
      pool.ranges.flatMap((set, index) => set.map((range) => ({ set: index + 1, ...range }))),
      [
        { head: 'SET', of: ({ set }) => String(set) },
        { head: 'SUBNET', of: ({ subnet }) => subnet },
        { head: 'FIRST', of: ({ rangeStart }) => rangeStart, shrinks: true },
        { head: 'LAST', of: ({ rangeEnd }) => rangeEnd, shrinks: true },
        { head: 'GATEWAY', of: ({ gateway }) => gateway, shrinks: true },
      ],
      wide,
    ),
    ...reservationParts(pool, wide),
    ...(change === undefined
      ? []
      : [textPart(`Changed last at ${timeText(change.at)} by ${change.by} (${change.action}).`)]),
  ];
}

type Fields = [string, Cell | undefined][];

const definition = (pool: PoolView): Fields => [
  ['Blocks', `${pool.blockSize} addresses each, ${pool.affinity === 'node' ? 'of one node' : 'shared'}`],
  ['Gateway', pool.gateway === 'block' ? 'one in each block' : 'one in each range'],
  ['Open blocks', pool.openBlocks],
  ['Id', pool.id],
  ['Version', String(pool.version)],
  ['Created', timeText(pool.createdAt)],
];

const listed = (texts: readonly string[]): string | undefined => (texts.length === 0 ? undefined : texts.join(', '));
const pairs = (record: Readonly<Record<string, string | number>>, between: string): string | undefined =>
  listed(Object.entries(record).map((pair) => pair.join(between)));

const policy = (pool: PoolView): Fields => [
  ['Leasing', pool.leasing === 'delegated' ? `delegated, told within ${pool.tellWithinSeconds} s` : pool.leasing],
  ['Cooldown', `${pool.cooldownSeconds} s`],
  ['Sticky', pool.stickySeconds === 0 ? undefined : `${pool.stickySeconds} s`],
  ['Identities', pool.identitySeconds === 0 ? undefined : `kept for ${pool.identitySeconds} s`],
  ['Clusters', listed(pool.clusters) ?? 'all'],
  ['Namespaces', listed(pool.namespaces)],
  ['Node labels', pairs(pool.nodeLabels, '=')],
  ['Default', pool.default ? 'yes' : 'no'],
  ['Order', pool.order === 0 ? undefined : String(pool.order)],
  ['Blocks a node', pool.affinity === 'node' ? `${pool.maxBlocksPerNode} at most` : undefined],
  ['Quota', pool.quota === undefined ? undefined : `${counted(pool.quota, 'lease')} a namespace`],
  ['Quotas', pairs(pool.quotas, ': ')],
  ['Excluded', listed(pool.exclude)],
];

const reservationParts = ({ reservations }: PoolView, wide: boolean): Part[] =>
  reservations.length === 0
    ? []
    : [
        tablePart(
          reservations,
          [
            { head: 'RESERVATION', of: ({ name }) => name, shrinks: true },
            { head: 'FOR', of: ({ namespace, pod }) => `${namespace}/${pod ?? '*'}`, shrinks: true },
            { head: 'ADDRESSES', of: ({ addresses }) => addresses.join(', '), shrinks: true },
          ],
          wide,
        ),
      ];
