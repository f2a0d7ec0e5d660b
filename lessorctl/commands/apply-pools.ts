/** What makes the pools of files to be the pools that there are: deletions first, then changes, then new ones. */
import { type PoolPatch, poolPolicy } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../api/service.ts';
import type { Session } from '../session/session.ts';
import type { ChangeTold } from './change.ts';
import { gathered } from './pages.ts';
import { deleted } from './pool-end.ts';
import { inputOf, type WrittenPool } from './pools-file.ts';

export interface AppliedPool {
  readonly vrf: string;
  readonly name: string;
  readonly action: 'created' | 'changed' | 'unchanged' | 'deleted';
  readonly effects: readonly string[];
}

export interface Applied extends ChangeTold {
  readonly pools: readonly AppliedPool[];
}

export interface NamedPool {
  readonly vrf: string;
  readonly name: string;
}

const NOTHING = 'nothing changes';

/** What there is, of the VRFs of the written pools. */
export interface Found {
  /** Written ones that are there already. */
  readonly known: ReadonlySet<string>;
  /** Those that are not among the written ones. */
  readonly surplus: readonly NamedPool[];
}

export async function findPools({ service, progress }: Session, pools: readonly WrittenPool[]): Promise<Found> {
  const api = await service();
  const written = new Set(pools.map(keyOf));
  const known = new Set<string>();
  const surplus: NamedPool[] = [];
  for (const vrf of new Set(pools.map((pool) => pool.vrf))) {
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    for (const { name } of await gathered(list, (page) => page.pools, progress, 'pools')) {
      if (written.has(keyOf({ vrf, name }))) known.add(keyOf({ vrf, name }));
      else surplus.push({ vrf, name });
    }
  }
  return { known, surplus };
}

/** @param removing pools that are deleted: those that the user was shown, and none that somebody made since */
export async function applyPools(
  session: Session,
  pools: readonly WrittenPool[],
  { known, removing }: { readonly known: ReadonlySet<string>; readonly removing: readonly NamedPool[] },
  dryRun: boolean,
): Promise<Applied> {
  const api = await session.service();
  const isKnown = (pool: NamedPool) => known.has(keyOf(pool));
  const steps: PoolStep[] = [
    ...removing.map((pool): PoolStep => [pool, () => removed(session, pool, dryRun)]),
    ...pools.filter(isKnown).map((pool): PoolStep => [pool, () => altered(api, pool, dryRun)]),
    ...pools.filter((pool) => !isKnown(pool)).map((pool): PoolStep => [pool, () => made(api, pool, dryRun)]),
  ];
  return inOrder(steps, dryRun, session);
}

type PoolStep = readonly [NamedPool, () => Promise<Step>];

const keyOf = ({ vrf, name }: NamedPool): string => `${vrf}/${name}`;

interface Step extends ChangeTold {
  readonly action: AppliedPool['action'];
}

async function inOrder(steps: readonly PoolStep[], dryRun: boolean, { progress }: Session): Promise<Applied> {
  const pools: AppliedPool[] = [];
  const warnings: string[] = [];
  for (const [{ vrf, name }, step] of steps) {
    progress.tell(`pool ${vrf}/${name}, ${pools.length} of ${steps.length} done`);
    const {
      action,
      effects,
      warnings: warned = [],
    } = await step().catch((error: unknown) => {
      throw told(error, { vrf, name }, dryRun ? [] : pools);
    });
    pools.push({ vrf, name, action, effects });
    // Of what is as it was nothing is new.
    if (action !== 'unchanged') warnings.push(...warned.map((warning) => `pool ${vrf}/${name}: ${warning}`));
  }
  const changes = pools.filter(({ action }) => action !== 'unchanged');
  const effects = changes.flatMap((pool) => pool.effects.map((effect) => `pool ${keyOf(pool)}: ${effect}`));
  return { pools, effects: effects.length > 0 ? effects : [NOTHING], ...(warnings.length > 0 ? { warnings } : {}) };
}

/** What was done before is done. */
function told(error: unknown, pool: NamedPool, pools: readonly AppliedPool[]): unknown {
  if (!(error instanceof LessorError)) return error;
  const before = pools.filter(({ action }) => action !== 'unchanged').map((one) => `${one.action} ${keyOf(one)}`);
  const done = before.length === 0 ? '' : `; done before it: ${before.join(', ')}`;
  const remedy = `${error.remedy ?? 'see what is wrong'}${done}`;
  return new LessorError(error.code, `pool ${keyOf(pool)}: ${error.what}`, {
    remedy,
    facts: error.facts,
    cause: error,
  });
}

const flagOf = (dryRun: boolean) => (dryRun ? 'true' : 'false');

async function removed(session: Session, pool: NamedPool, dryRun: boolean): Promise<Step> {
  const { effects } = await deleted(session, pool, dryRun);
  return { action: 'deleted', effects };
}

async function made(api: Service, pool: WrittenPool, dryRun: boolean): Promise<Step> {
  const { vrf, name, state } = pool;
  const { effects, warnings } = await api.ask('createPool', { query: { dryRun: flagOf(dryRun) }, body: inputOf(pool) });
  if (state === 'active') return { action: 'created', effects, warnings };
  if (dryRun) return { action: 'created', effects: [...effects, 'it is drained'], warnings };
  const drained = await api.ask('changePool', { path: { pool: name }, query: { vrf }, body: { state } });
  return { action: 'created', effects: [...effects, ...drained.effects], warnings };
}

async function altered(api: Service, pool: WrittenPool, dryRun: boolean): Promise<Step> {
  const { vrf, name } = pool;
  const query = { vrf, dryRun: flagOf(dryRun) } as const;
  const { effects, warnings } = await api.ask('changePool', { path: { pool: name }, query, body: patchOf(pool) });
  const isSame = effects.length === 1 && effects[0] === NOTHING;
  return { action: isSame ? 'unchanged' : 'changed', effects, warnings };
}

/** All of it: what a file leaves out has its default. */
function patchOf(pool: WrittenPool): PoolPatch {
  const { affinity, gateway, blockSize, ranges, state } = pool;
  const policy = Object.keys(poolPolicy.shape).map((field) => [field, pool[field as keyof WrittenPool]] as const);
  const given = Object.fromEntries(policy.filter(([, value]) => value !== undefined));
  return { ...given, quota: pool.quota ?? null, affinity, gateway, blockSize, ranges, state } as PoolPatch;
}
