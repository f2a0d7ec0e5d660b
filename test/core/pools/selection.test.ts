import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { poolPolicy } from '../../../core/contract/pool.ts';
import { type Requester, selectPools } from '../../../core/pools/selection.ts';

const pool = (name: string, policy: z.input<typeof poolPolicy> = {}) => ({ name, policy: z.parse(poolPolicy, policy) });
type Pool = ReturnType<typeof pool>;
const chosen = (pools: readonly Pool[], names: readonly string[], requester: Partial<Requester> = {}) =>
  selectPools(pools, names, { labels: {}, ...requester }).choices.map((choice) => `${choice.pool.name} ${choice.rule}`);
const reasons = (pools: readonly Pool[], names: readonly string[], requester: Partial<Requester> = {}) =>
  selectPools(pools, names, { labels: {}, ...requester }).passed.map((one) => `${one.pool.name}: ${one.why()}`);

const green = pool('green', { namespaces: ['shop', 'bank'] });
const gpu = pool('gpu', { nodeLabels: { kind: 'gpu', zone: 'a' }, order: -1 });
const rest = pool('rest', { default: true });
const plain = pool('plain');
const prod = pool('prod', { clusters: ['production'], default: true, order: 5 });
const all = [green, gpu, rest, plain, prod];

describe('the pools of a pod', () => {
  it('are those that the configuration names, in its order', () => {
    expect(chosen(all, ['rest', 'plain', 'green'])).toEqual(['rest named', 'plain named', 'green named']);
  });

  it('are those that ask for it, before the default ones', () => {
    expect(chosen(all, [], { namespace: 'shop' })).toEqual(['green selector', 'rest default']);
    const labels = { kind: 'gpu', zone: 'a', more: 'x' };
    expect(chosen(all, [], { namespace: 'bank', labels })).toEqual(['gpu selector', 'green selector', 'rest default']);
    expect(chosen(all, [], { namespace: 'other', cluster: 'production' })).toEqual(['rest default', 'prod default']);
  });

  it('are never those of another cluster, even if they are named', () => {
    expect(chosen(all, ['prod'], { cluster: 'test' })).toEqual([]);
    expect(chosen(all, ['prod'])).toEqual([]);
    expect(chosen(all, ['prod'], { cluster: 'production' })).toEqual(['prod named']);
  });

  it('that it does not get say why', () => {
    expect(reasons(all, [], { namespace: 'other', labels: { kind: 'cpu' }, cluster: 'test' })).toEqual([
      'green: it is for namespace shop, bank, and the pod is of other',
      'gpu: it is for nodes with kind=gpu, and the node has kind=cpu',
      'plain: it has no selector, is no default pool, and the configuration does not name it',
      'prod: it is kept to cluster production, and the caller is of test',
    ]);
  });

  it('are chosen or passed over, each once, whatever their order in the registry', () => {
    const policy = fc.record({
      namespaces: fc.subarray(['shop', 'bank']),
      clusters: fc.subarray(['production', 'test']),
      default: fc.boolean(),
      order: fc.integer({ min: -2, max: 2 }),
    });
    fc.assert(
      fc.property(
        fc.array(policy, { maxLength: 6 }),
        fc.subarray(['p0', 'p1', 'p2']),
        fc.infiniteStream(fc.nat()),
        (policies, names, chance) => {
          const pools = policies.map((one, index) => pool(`p${index}`, one));
          const requester = { labels: {}, namespace: 'shop', cluster: 'test' };
          const { choices, passed } = selectPools(pools, names, requester);
          expect([...choices, ...passed].map((one) => one.pool.name).sort()).toEqual(
            pools.map(({ name }) => name).sort(),
          );
          const shuffled = pools.map((one) => ({ one, by: chance.next().value })).sort((a, b) => a.by - b.by);
          expect(
            selectPools(
              shuffled.map(({ one }) => one),
              names,
              requester,
            ).choices,
          ).toEqual(choices);
        },
      ),
    );
  });
});
