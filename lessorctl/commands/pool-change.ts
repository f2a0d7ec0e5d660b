/** `lessorctl pool create|grow|set`. */
import type * as z from 'zod/mini';
import type { PoolView, poolInput, RangeText } from '../../core/contract/pool.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { changed, changeOptions } from './change.ts';
import { editPool } from './edit-pool.ts';
import { inFreePrefix, withoutFrom } from './free-prefix.ts';
import { policyOf, policyOptions, readWhole } from './policy-options.ts';
import { writtenRanges } from './written-pool.ts';

/** Of an argument: the ranges of one set. */
const rangesOf = (text: string): RangeText[] => text.split(',').map((subnet) => ({ subnet }));

export const poolCreate = command({
  about: `An attachment gets one address of each range set. A set is one argument; where it has several subnets, commas are
between them. The same pool again changes nothing. What a subnet needs beside its defaults (rangeStart, rangeEnd, gateway) is
written in a file: see apply.`,
  arguments: {
    pool: { help: 'the name of the pool' },
    subnets: { help: 'a range set each: 10.1.0.0/24, or 10.1.0.0/24,10.2.0.0/24', optional: true, several: true },
  },
  options: {
    size: { kind: 'value', value: '/LENGTH', help: 'the next free prefix of this length, in place of subnets: /15' },
    from: { kind: 'value', value: 'PREFIX', help: 'where that is looked for: 10.0.0.0/8' },
    without: { kind: 'value', value: 'PREFIX', several: true, help: 'what is used otherwise there' },
    affinity: {
      kind: 'value',
      value: 'HOW',
      choices: ['shared', 'node'],
      help: 'node: each block belongs to one node (default: shared)',
    },
    gateway: {
      kind: 'value',
      value: 'HOW',
      choices: ['pool', 'block'],
      help: 'block: each block is a subnet with a gateway of its own (default: pool)',
    },
    'block-size': {
      kind: 'value',
      value: 'NUMBER',
      help: 'addresses a block: a power of two from 4 to 256 (default: 64)',
    },
    ...policyOptions,
    ...changeOptions,
  },
  examples: [
    { line: 'pool create shop 10.1.0.0/24 --dry-run', does: 'See whether a pool can be made' },
    {
      line: 'pool create shop 10.1.0.0/24 fd00:1::/64 --namespaces shop',
      does: 'IPv4 and IPv6, for the pods of a namespace',
    },
    { line: 'pool create next --size /20 --from 10.0.0.0/8', does: 'The next free prefix, whatever it is' },
    { line: 'pool create routed 10.8.0.0/16 --affinity node --gateway block', does: 'A subnet for each node' },
  ],
  async run(values, session) {
    const { pool: name, subnets, affinity, gateway, 'block-size': blockSize, size, from, 'dry-run': dryRun } = values;
    if ((size === undefined) === (subnets.length === 0))
      throw size === undefined
        ? wrong(`pool ${name} has no subnets`, 'give them, or --size and --from')
        : wrong('subnets are given, and --size too', 'give one of them');
    if ((size === undefined) !== (from === undefined)) throw wrong('--size and --from belong together', 'give both');
    if (from === undefined && values.without.length > 0) throw withoutFrom(values.without);
    const { quota, ...rest } = policyOf(values);
    const [api, { vrf }] = [await session.service(), await session.target()];
    const bodyOf = (sets: readonly string[]): PoolInputText => ({
      ...(rest as object),
      ...(quota === null || quota === undefined ? {} : { quota }),
      ...(affinity === undefined ? {} : { affinity: affinity as 'shared' | 'node' }),
      ...(gateway === undefined ? {} : { gateway: gateway as 'pool' | 'block' }),
      ...(blockSize === undefined ? {} : { blockSize: readWhole('--block-size', blockSize) }),
      vrf,
      name,
      ranges: sets.map(rangesOf),
    });
    const create = (dry: boolean, sets: readonly string[]) =>
      api.ask('createPool', { query: { dryRun: dry ? 'true' : 'false' }, body: bodyOf(sets) });
    const wanted = { size: size ?? '', from: from ?? '', without: values.without };
    return changed(session, {
      dryRun,
      names: [name],
      send: (dry) =>
        size === undefined
          ? create(dry, subnets)
          : inFreePrefix(session, { name, vrf, ...wanted }, async (set) => {
              const told = await create(dry, [set]);
              return { ...told, effects: [...told.effects, `its subnet is ${set}`] };
            }),
    });
  },
});

type PoolInputText = z.input<typeof poolInput>;

export const poolGrow = command({
  about: `A pool grows while it is in use, by ranges at the ends of its sets. Grow every set, or the smallest one still limits the
pool. A subnet goes to the set of its family; where there are several of it, say which (--set).`,
  arguments: {
    pool: { help: 'the pool', kind: 'pool' },
    subnets: { help: 'the subnets that are added', several: true },
  },
  options: {
    set: { kind: 'value', value: 'NUMBER', help: 'the range set to which they go: 1 is the first' },
    ...changeOptions,
  },
  examples: [
    { line: 'pool grow shop 10.2.0.0/24 --dry-run', does: 'See what a pool would come to' },
    { line: 'pool grow shop 10.2.0.0/24 fd00:2::/64', does: 'Let both range sets of a pool grow' },
  ],
  async run({ pool: name, subnets, set, 'dry-run': dryRun }, session) {
    const chosen = set === undefined ? undefined : readWhole('--set', set);
    const [api, { vrf }] = [await session.service(), await session.target()];
    const patchOf = (pool: PoolView) => ({ ranges: grown(pool, subnets, chosen) });
    return changed(session, {
      dryRun,
      names: [name],
      send: (dry) => editPool(api, { name, vrf }, patchOf, dry),
    });
  },
});

const isIpv6 = (text: string): boolean => text.includes(':');

function grown(pool: PoolView, subnets: readonly string[], chosen: number | undefined): RangeText[][] {
  const sets = writtenRanges(pool);
  for (const subnet of subnets) {
    const fitting = sets.filter((set) => isIpv6(set[0]?.subnet ?? '') === isIpv6(subnet));
    const set = chosen === undefined ? fitting[0] : sets[chosen - 1];
    if (set === undefined || (chosen === undefined && fitting.length > 1))
      throw wrong(
        `of subnet ${subnet} it is not clear to which range set of pool ${pool.name} it goes`,
        sets.map((one, index) => `--set ${index + 1} is ${one.map((range) => range.subnet).join(',')}`).join('; '),
      );
    // Once more is what a repeated command asks for.
    if (!set.some((range) => range.subnet === subnet)) set.push({ subnet });
  }
  return sets;
}

export const poolSet = command({
  about: `What is not given stays as it is. A list that is given is the whole list. Name, VRF, affinity, gateway, block size and
the ranges that there are cannot be changed: addresses are computed from them.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: { ...policyOptions, ...changeOptions },
  examples: [
    { line: 'pool set shop --cooldown 2m --dry-run', does: 'See what a change would do' },
    { line: 'pool set shop --namespaces shop,web --order -10', does: 'Say which pods lease here, before others' },
  ],
  async run({ pool: name, 'dry-run': dryRun, ...policy }, session) {
    const patch = policyOf(policy);
    if (Object.keys(patch).length === 0)
      throw wrong('nothing is given that is to change', 'see lessorctl pool set --help');
    const [api, { vrf }] = [await session.service(), await session.target()];
    return changed(session, {
      dryRun,
      names: [name],
      send: (dry) =>
        api.ask('changePool', { path: { pool: name }, query: { vrf, dryRun: dry ? 'true' : 'false' }, body: patch }),
    });
  },
});
