import { describe, expect, it } from 'vitest';
import {
  type BlockVerdict,
  blockVerdictText,
  type PoolVerdict,
  poolVerdictText,
  type Verdict,
  verdictText,
} from '../../../../functions/use-cases/questions/verdict.ts';

const plain = { reservation: undefined, ownBlocks: undefined };
const kept = ' in reservation mail, of which this pod gets an address or none';

describe('a verdict reads', () => {
  it.each<[BlockVerdict, string]>([
    [{ kind: 'has-room' }, 'has room'],
    [{ kind: 'cooling' }, 'has only cooling addresses'],
    [{ kind: 'full' }, 'is full'],
    [{ kind: 'releasing' }, 'passed over: it is being taken back from its node'],
    [{ kind: 'of-another-node', node: 'i-2' }, 'passed over: it belongs to node i-2'],
    [{ kind: 'of-another-node', node: undefined }, 'passed over: it belongs to node ?'],
  ])('of a block that %j', (verdict, text) => {
    expect(blockVerdictText(verdict)).toBe(text);
  });

  it.each<[PoolVerdict, string]>([
    [{ kind: 'has-room', reservation: undefined }, 'has room'],
    [{ kind: 'has-room', reservation: 'mail' }, `has room${kept}`],
    [{ kind: 'cooling', cooling: 3, ...plain }, 'has 3 addresses that are only cooling: wait, or lower its cooldown'],
    [
      { kind: 'cooling', cooling: 3, ownBlocks: 2, reservation: undefined },
      'has 3 addresses that are only cooling: wait, or lower its cooldown, and the node has its 2 blocks',
    ],
    [{ kind: 'exhausted', ...plain }, 'is exhausted: every address is held'],
    [
      { kind: 'exhausted', ownBlocks: 2, reservation: undefined },
      'is exhausted: every address is held, and the node has its 2 blocks',
    ],
    [{ kind: 'exhausted', ...plain, reservation: 'mail' }, `is exhausted: every address is held${kept}`],
    [{ kind: 'inactive', state: 'closing' }, 'is passed over: it is closing'],
    [
      { kind: 'quota-used-up', namespace: 'shop', limit: 2, held: 3 },
      'lets namespace shop hold 2 leases, and it holds 3: raise its quota',
    ],
    [{ kind: 'passed-over', why: 'it has no selector' }, 'passed over: it has no selector'],
    [{ kind: 'unknown', vrf: 'red' }, 'there is no such pool in VRF red'],
  ])('of a pool that %j', (verdict, text) => {
    expect(poolVerdictText(verdict)).toBe(text);
  });

  it.each<[Verdict, string]>([
    [{ kind: 'address', pool: 'blue' }, 'an ADD gets an address from pool blue'],
    [
      {
        kind: 'no-room',
        tried: [
          { pool: 'blue', verdict: { kind: 'exhausted', ...plain } },
          { pool: 'green', verdict: { kind: 'inactive', state: 'draining' } },
        ],
      },
      'an ADD gets no address: blue is exhausted: every address is held; green is passed over: it is draining',
    ],
    [
      { kind: 'none-fits', by: 'configuration' },
      'an ADD gets no address: it may use none of the pools that the configuration names',
    ],
    [
      { kind: 'none-fits', by: 'nobody' },
      'an ADD gets no address: the configuration names no pool, and none asks for this pod; make one a default pool',
    ],
  ])('of an ADD: %j', (verdict, text) => {
    expect(verdictText(verdict)).toBe(text);
  });
});
