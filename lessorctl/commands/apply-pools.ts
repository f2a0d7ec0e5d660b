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

interface Named {
  readonly vrf: string;
  readonly name: string;
}

const NOTHING = 'nothing changes';

/** @param prune whether pools of these VRFs that are not among the written ones are deleted */
export async function applyPools(
  session: Session,
  pools: readonly WrittenPool[],
  prune: boolean,
  dryRun: boolean,
): Promise<Applied> {
  const api = await session.service();
  const there = new Set<string>();
  const surplus: Named[] = [];
  const written = new Set(pools.map(keyOf));
  for (const vrf of new Set(pools.map((pool) => pool.vrf))) {
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    for (const { name } of await gathered(list, (page) => page.pools, session.progress, 'pools')) {
      there.add(keyOf({ vrf, name }));
      if (prune && !written.has(keyOf({ vrf, name }))) surplus.push({ vrf, name });
    }
  }
  const isThere = (pool: Named) => there.has(keyOf(pool));
  const steps: [Named, () => Promise<Step>][] = [
    ...surplus.map((pool): [Named, () => Promise<Step>] => [pool, () => removed(session, pool, dryRun)]),
    ...pools.filter(isThere).map((pool): [Named, () => Promise<Step>] => [pool, () => altered(api, pool, dryRun)]),
    ...pools
      .filter((pool) => !isThere(pool))
      .map((pool): [Named, () => Promise<Step>] => [pool, () => made(api, pool, dryRun)]),
  ];
  return inOrder(steps, dryRun, session);
}

const keyOf = ({ vrf, name }: Named): string => `${vrf}/${name}`;

interface Step extends ChangeTold {
  readonly action: AppliedPool['action'];
}

async function inOrder(
  steps: [Named, () => Promise<Step>][],
  dryRun: boolean,
  { progress }: Session,
): Promise<Applied> {
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
    warnings.push(...warned.map((warning) => `pool ${vrf}/${name}: ${warning}`));
  }
  const changes = pools.filter(({ action }) => action !== 'unchanged');
  const effects = changes.flatMap((pool) => pool.effects.map((effect) => `pool ${keyOf(pool)}: ${effect}`));
  return { pools, effects: effects.length > 0 ? effects : [NOTHING], ...(warnings.length > 0 ? { warnings } : {}) };
}

/** What was done before is done. */
function told(error: unknown, pool: Named, pools: readonly AppliedPool[]): unknown {
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

async function removed(session: Session, pool: Named, dryRun: boolean): Promise<Step> {
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
