/** What `check` reads: the pools of some VRFs with their leases and blocks, all nodes, and what the counters say. */
import type { PoolView } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../api/service.ts';
import { type Unheld, unheldBy, unknownLeases } from '../check/journals.ts';
import type { LeaseOfPool, Misfit, State } from '../check/misfit.ts';
import type { Session } from '../session/session.ts';
import { ofEach } from './each-pool.ts';
import { gathered } from './pages.ts';
import { poolsOf } from './pools-of.ts';
import { vrfsMeant } from './vrfs.ts';
import { counted } from './words.ts';

export interface Looked {
  readonly vrfs: readonly string[];
  /** Whether there are no others. */
  readonly isWhole: boolean;
}

/** The VRF that is meant, or all; and whether that is all. */
export async function vrfsLookedAt(session: Session, everywhere: boolean): Promise<Looked> {
  const vrfs = await vrfsMeant(session, everywhere);
  if (everywhere) return { vrfs, isWhole: true };
  try {
    return { vrfs, isWhole: (await vrfsMeant(session, true)).every((vrf) => vrfs.includes(vrf)) };
  } catch (error) {
    // An earlier service does not list them.
    if (!(error instanceof LessorError) || error.code !== 'route.unknown') throw error;
    return { vrfs, isWhole: false };
  }
}

export async function stateOf(session: Session, { vrfs, isWhole }: Looked, at: number): Promise<State> {
  const { service, progress } = session;
  const [api, pools] = [await service(), await poolsOf(session, vrfs)];
  // Before the leases: what a node said is older than what is read of the table.
  const list = api.pages('listNodes', { query: { limit: '100' } });
  const nodes = await gathered(list, (page) => page.nodes, progress, 'nodes');
  const each = async <T>(some: readonly PoolView[], read: (pool: PoolView) => Promise<T[]>) =>
    (await ofEach(some, read)).flat();
  const leases = await each(pools, async ({ name, vrf }) => {
    const pages = api.pages('listLeases', { path: { pool: name }, query: { vrf } });
    const rows = await gathered(pages, (page) => page.leases, progress, `leases of pool ${name}`);
    return rows.map((row): LeaseOfPool => ({ ...row, pool: name, vrf }));
  });
  const owned = pools.filter(({ affinity }) => affinity === 'node');
  const blocks = await each(owned, async ({ name, vrf }) => {
    const pages = api.pages('listBlocks', { path: { pool: name }, query: { vrf } });
    const rows = await gathered(pages, (page) => page.blocks, progress, `blocks of pool ${name}`);
    return rows.map((row) => ({ ...row, pool: name }));
  });
  return { at, pools, nodes, leases, blocks, isWhole };
}

/** What is wrong only if it is so after the time in which counters and history follow: one wait for both. */
export async function stillSo(session: Session, state: State, vrfs: readonly string[], patience: number) {
  const api = await session.service();
  const differing = (pools: readonly PoolView[]) =>
    ofEach(pools, (pool) => difference(api, pool)).then((all) => all.flatMap((one) => one ?? []));
  const [drifted, unheld] = [await differing(state.pools), unheldBy(state)];
  if (drifted.length + unheld.length === 0) return [];
  const what = [
    ...(drifted.length === 0 ? [] : [`the counters of ${counted(drifted.length, 'pool')}`]),
    ...(unheld.length === 0 ? [] : [`the history of ${counted(unheld.length, 'node')}`]),
  ];
  session.progress.tell(`waiting ${patience / 1_000} s for ${what.join(' and ')}`);
  await session.shell.sleep(patience);
  const still = await differing(drifted.map(({ pool }) => pool));
  return [...still.map(driftedCounter), ...(await unknownOf(api, unheld, vrfs))];
}

const driftedCounter = ({ pool, held, counted: count }: Difference): Misfit => ({
  kind: 'drifted-counter',
  severity: 'warning',
  subject: pool.name,
  what: `its counter says ${count} held, and ${held} are`,
  remedy: 'each pool is recounted within an hour: see docs/runbooks/counters-drifted.md where it comes again',
});

interface Difference {
  readonly pool: PoolView;
  readonly held: number;
  readonly counted: number;
}

async function difference(api: Service, pool: PoolView): Promise<Difference | undefined> {
  const [path, vrf] = [{ pool: pool.name }, pool.vrf];
  const [exact, cheap] = await Promise.all([
    api.ask('usage', { path, query: { vrf } }),
    api.ask('usage', { path, query: { vrf, cheap: 'true' } }),
  ]);
  return exact.held === cheap.held ? undefined : { pool, held: exact.held, counted: cheap.held };
}

/** Those that lack more than what ended since they said what they have. */
async function unknownOf(api: Service, unheld: readonly Unheld[], vrfs: readonly string[]): Promise<Misfit[]> {
  const found = await ofEach(unheld, async (one) => {
    let ended = 0;
    const from = new Date(one.since).toISOString();
    for (const vrf of vrfs)
      for await (const { leases } of api.pages('leaseHistory', { query: { vrf, node: one.node, from } }))
        ended += leases.filter(({ to }) => to !== undefined).length;
    const missing = one.missing - ended;
    return missing > 0 ? [unknownLeases({ ...one, missing })] : [];
  });
  return found.flat();
}
