/** `lessorctl top`. */
import type { UsageResult } from '../../core/contract/questions.ts';
import { type Cell, NONE, toned } from '../print/cell.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { ofEach } from './each-pool.ts';
import { poolsOf } from './pools-of.ts';
import { vrfColumn, vrfOptions, vrfsMeant, vrfsText } from './vrfs.ts';
import { counted, shareCell, sizeText } from './words.ts';

/** Lines that fit under the head of a small terminal. */
const SHOWN = '20';

interface Look {
  readonly held: number;
  readonly at: number;
}

/** The look before, by pool, where it is watched. */
const looks = new WeakMap<Session, Map<string, Look>>();

interface Row {
  readonly usage: UsageResult;
  /** By how many more a minute, since the look before. */
  readonly perMinute: number | undefined;
}

export const top = command({
  about: `By the counters, the fullest first. With --watch it says how fast each fills up.`,
  arguments: {},
  options: {
    ...vrfOptions,
    lines: { kind: 'value', value: 'NUMBER', default: SHOWN, help: 'how many pools it shows' },
  },
  examples: [{ line: 'top --watch', does: 'Which pools are full, and which fill up' }],
  watchable: true,
  async run({ lines, 'all-vrfs': everywhere }, session) {
    const { service, shell } = session;
    if (!/^[1-9]\d{0,3}$/.test(lines))
      throw wrong(`--lines ${JSON.stringify(lines)} is no number of lines`, 'write 1 to 9999');
    const vrfs = await vrfsMeant(session, everywhere);
    const [api, pools] = [await service(), await poolsOf(session, vrfs)];
    const all = await ofEach(pools, ({ name, vrf }) =>
      api.ask('usage', { path: { pool: name }, query: { vrf, cheap: 'true' } }),
    );
    const sorted = all.sort((a, b) => share(b) - share(a));
    const before = looks.get(session) ?? new Map<string, Look>();
    const at = shell.now();
    looks.set(session, new Map(all.map((usage) => [keyOf(usage), { held: usage.held, at }])));
    const rows = sorted
      .slice(0, Number(lines))
      .map((usage) => ({ usage, perMinute: since(before.get(keyOf(usage)), usage, at) }));
    return {
      document: { pools: rows.map(({ usage }) => usage) },
      names: rows.map(({ usage }) => usage.pool),
      view: (wide) => [
        textPart(
          `${counted(pools.length, 'pool')} in ${vrfsText(vrfs, everywhere)}, ${counted(total(all), 'lease')} held`,
        ),
        ...(rows.length === 0 ? [] : [tablePart(rows, columns(everywhere), wide)]),
      ],
    };
  },
});

const keyOf = ({ vrf, pool }: UsageResult): string => `${vrf}/${pool}`;
const share = ({ held, capacity }: UsageResult): number => held / Math.max(1, Number(capacity));
const total = (all: readonly UsageResult[]): number => all.reduce((sum, { held }) => sum + held, 0);

const since = (before: Look | undefined, { held }: UsageResult, at: number): number | undefined =>
  before === undefined || at <= before.at ? undefined : ((held - before.held) / (at - before.at)) * 60_000;

const columns = (everywhere: boolean): Column<Row>[] => [
  ...vrfColumn<Row>(everywhere, ({ usage }) => usage.vrf),
  { head: 'POOL', of: ({ usage }) => usage.pool, shrinks: true },
  { head: 'USED', of: ({ usage }) => shareCell(usage.held, usage.capacity) },
  { head: '', of: ({ usage }) => bar(share(usage)) },
  { head: 'HELD', of: ({ usage }) => String(usage.held) },
  { head: 'SIZE', of: ({ usage }) => sizeText(usage.capacity) },
  { head: 'A MINUTE', of: ({ perMinute }) => rateCell(perMinute) },
];

const rateCell = (perMinute: number | undefined): Cell =>
  perMinute === undefined ? NONE : perMinute > 0 ? toned(`+${perMinute.toFixed(0)}`, 'waits') : perMinute.toFixed(0);

const WIDTH = 20;
function bar(part: number): Cell {
  const full = Math.min(WIDTH, Math.round(part * WIDTH));
  return {
    text: '█'.repeat(full) + '░'.repeat(WIDTH - full),
    tone: part >= 0.95 ? 'bad' : part >= 0.8 ? 'waits' : 'good',
  };
}
