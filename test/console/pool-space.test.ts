/** A pool on the map: its blocks lie where the service has them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressOf, spanOf } from '../../console/page/space/numbers.ts';
import { blockOf, poolSpaceOf, spanOfBlock } from '../../console/page/space/pool-space.ts';
import { parseAddress } from '../../core/addresses/address.ts';
import type { PoolView } from '../../core/contract/pool.ts';
import { poolSpace } from '../../core/pools/pool-space.ts';
import { manyDefinitions } from '../functions/many-pools.ts';

const views = manyDefinitions(6).map(
  (definition): PoolView => ({ ...definition, state: 'active', capacity: '0', openBlocks: '0', version: 1 }),
);

it('each address is in the block in which the service has it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...views), fc.nat({ max: 8000 }), (view, ordinal) => {
      const space = poolSpace(view);
      const slot = ordinal % Number(space.slots);
      const block = BigInt(Math.floor(slot / view.blockSize));
      const [one] = space.addresses(block, slot % view.blockSize);
      const address = addressOf(one?.address.split('/')[0] ?? '');
      const seen = poolSpaceOf(view);
      expect(address && blockOf(seen, address.family, address.value)).toBe(block);
      const span = spanOfBlock(seen, block, 4);
      expect(address && span && span.first <= address.value).toBe(true);
    }),
  );
});

it('addresses are read as the service reads them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const theirs = parseAddress(text);
      if (theirs !== undefined) expect(addressOf(text)).toEqual({ family: theirs.family, value: theirs.value });
    }),
  );
});

it.each([
  ['10.1.0.5', 167837701n, 167837701n],
  ['10.1.0.0/28', 167837696n, 167837711n],
  ['10.1.0.5-10.1.0.9', 167837701n, 167837705n],
])('the span %s is read', (text, first, last) => {
  expect(spanOf(text)).toEqual({ family: 4, first, last });
});

it.each(['', '10.1', 'shop', '10.1.0.5-', '10.1.0.5-fd00::1', 'fd00::/129'])('%j is no span', (text) => {
  expect(spanOf(text)).toBeUndefined();
});
