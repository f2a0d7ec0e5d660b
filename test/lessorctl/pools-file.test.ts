/** Files of pools: their schema, and what is written of a pool. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from '@redocly/ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultPolicy, type PoolView } from '../../core/contract/pool.ts';
import { readPools, writtenOf } from '../../lessorctl/commands/pools-file.ts';
import { poolsSchema } from '../../lessorctl/page/pools-schema.ts';

const schema = readFileSync('docs/pools.schema.json', 'utf8');
const accepts = (value: unknown) => new Ajv2020({ strict: false }).compile(JSON.parse(schema))(value);

const view: PoolView = {
  ...defaultPolicy,
  id: '0123456789abcdef',
  vrf: 'default',
  name: 'shop',
  affinity: 'shared',
  gateway: 'pool',
  ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.254', gateway: '10.1.0.1' }]],
  blockSize: 64,
  createdAt: '2026-01-31T12:00:00Z',
  state: 'active',
  capacity: '253',
  openBlocks: '4',
  version: 3,
};
const changed: PoolView = {
  ...view,
  vrf: 'red',
  affinity: 'node',
  gateway: 'block',
  blockSize: 128,
  state: 'draining',
  leasing: 'delegated',
  quota: 20,
  quotas: { batch: 300 },
  nodeLabels: { zone: 'a' },
  order: -5,
};
const read = (text: string, vrf = 'default') => readPools(['-'], vrf, { read: async () => text } as never);

describe('the schema of a file', () => {
  it('is what lessorctl takes: npm run ctl-page', () => {
    expect(poolsSchema()).toBe(schema);
  });

  it('takes what export writes, and the example of the page', () => {
    expect(accepts({ pools: [writtenOf(view), writtenOf(changed)] })).toBe(true);
    const [, example = ''] = /```yaml\n(pools:.*?)```/s.exec(readFileSync('docs/lessorctl.md', 'utf8')) ?? [];
    expect(accepts(parse(example))).toBe(true);
  });

  it.each([
    {},
    { pools: [{ name: 'a' }] },
    { pools: [{ ...writtenOf(view), cooldown: 3 }] },
    { pools: [{ ...writtenOf(view), state: 'closing' }] },
  ])('refuses %j', (value) => {
    expect(accepts(value)).toBe(false);
  });
});

describe('a pool that is written', () => {
  it('has what is not its default, and no more', () => {
    expect(writtenOf(view)).toEqual({ name: 'shop', ranges: view.ranges });
    expect(writtenOf(changed)).toEqual({
      name: 'shop',
      vrf: 'red',
      ranges: [[{ subnet: '10.1.0.0/24' }]],
      affinity: 'node',
      gateway: 'block',
      blockSize: 128,
      leasing: 'delegated',
      nodeLabels: { zone: 'a' },
      order: -5,
      quota: 20,
      quotas: { batch: 300 },
      state: 'draining',
    });
  });

  it('is read as the same pool', async () => {
    for (const pool of [view, changed]) {
      const { id: _, createdAt: __, capacity: ___, openBlocks: ____, version: _____, ranges: ______, ...rest } = pool;
      expect(await read(JSON.stringify({ pools: [writtenOf(pool)] }))).toMatchObject([rest]);
    }
  });
});

describe('a file', () => {
  it('may have several documents, and pools of the VRF that is meant', async () => {
    const text =
      'pools: [{name: a, ranges: [[{subnet: 10.1.0.0/24}]]}]\n---\npools: [{name: a, vrf: blue, ranges: [[{subnet: 10.1.0.0/24}]]}]\n';
    expect((await read(text, 'red')).map(({ vrf, name }) => `${vrf}/${name}`)).toEqual(['red/a', 'blue/a']);
    expect(await read('')).toEqual([]);
  });

  it('that is wrong is named with its document', async () => {
    await expect(read('pools: []\n---\npools: [{}]\n')).rejects.toThrow(
      /^standard input \(document 2\)\.pools\.0\.name: is missing/,
    );
  });
});
