/** DynamoDB takes partition keys of 2,048 bytes and sort keys of 1,024, whatever a request may say. */
import { describe, expect, it } from 'vitest';
import { most } from '../../core/contract/limits.ts';
import { keys } from '../../functions/store/items.ts';

const PK = 2_048;
const SK = 1_024;

/** UTF-8 takes three bytes at most for what counts as one character; of two that are one letter, two each. */
const longest = (characters: number): string => '\uffff'.repeat(characters);
const pool = 'f'.repeat(16);
const block = 2n ** 128n - 1n;

const made: Readonly<Record<keyof typeof keys, readonly { pk: string; sk?: string }[]>> = {
  registry: [keys.registry('v'.repeat(most.name))],
  vrfs: [{ pk: keys.vrfs, sk: 'v'.repeat(most.name) }],
  pool: [keys.pool(pool)],
  node: [keys.node(longest(most.node))],
  totals: [{ pk: keys.totals, sk: pool }],
  namespaces: [{ pk: keys.namespaces(pool) }],
  counter: [keys.counter({ pool, namespace: longest(most.podText) })],
  shard: [{ pk: keys.shard(pool, block) }],
  fill: [keys.fill(pool)],
  identity: [0, 84, 85, most.podText].map((letters) =>
    keys.identity({ pool, namespace: longest(letters), identity: 'i'.repeat(most.identityName) }),
  ),
  joined: [{ pk: keys.joined(pool), sk: block.toString(16) }],
  block: [keys.block({ pool, block })],
  slots: [{ pk: keys.slots({ pool, block }) }],
  slot: [keys.slot({ pool, block, slot: most.slotsOfBlock - 1 })],
};

describe('the longest keys that the contract allows', () => {
  it.each(Object.entries(made))('%s fit', (_, longestOnes) => {
    for (const { pk, sk = '' } of longestOnes) {
      expect(Buffer.byteLength(pk)).toBeLessThanOrEqual(PK);
      expect(Buffer.byteLength(sk)).toBeLessThanOrEqual(SK);
    }
  });

  it('of an identity would not, were its namespace written out', () => {
    const { sk } = keys.identity({ pool, namespace: '', identity: 'i'.repeat(most.identityName) });
    expect(Buffer.byteLength(sk) + Buffer.byteLength(longest(most.podText))).toBeGreaterThan(SK);
  });

  it('of an identity in a namespace of Kubernetes have it as it is, as they ever did', () => {
    const key = { pool, namespace: 'n'.repeat(most.namespace), identity: 'vm-1' };
    expect(keys.identity(key).sk).toBe(`${pool}#${key.namespace}#vm-1`);
  });
});
