import { describe, expect, it } from 'vitest';
import {
  type Against,
  againstHolding,
  allows,
  type Holding,
  type SlotConditionName,
  type SlotState,
  slotConditions,
  slotOperations,
} from '../../../core/protocol/lease.ts';

const holding: Holding = {
  attachment: { network: 'blue', containerId: 'c1', ifname: 'eth0' },
  nonce: 'n1',
  node: 'i-1',
  incarnation: 2,
  heldAt: 1000,
  pod: { namespace: 'shop', name: 'web-0' },
};
const held: SlotState = { held: true, generation: 3, reusableAt: 0, holding };
const free: SlotState = { ...held, held: false, reusableAt: 5000 };
const kept: SlotState = { ...free, holding: { ...holding, identity: 'vm-1' } };
const sealed: SlotState = { held: false, generation: 3, reusableAt: 0 };
const fits: Against = {
  now: 5000,
  generation: 3,
  containerId: 'c1',
  ifname: 'eth0',
  nonce: 'n1',
  node: 'i-1',
  incarnation: 2,
  namespace: 'shop',
  podName: 'web-0',
  identity: '',
};

describe('a condition on a slot', () => {
  it.each<[SlotConditionName, SlotState | undefined, Partial<Against>, boolean]>([
    ['slotAbsent', undefined, {}, true],
    ['slotAbsent', sealed, {}, false],
    ['slotFree', undefined, {}, false],
    ['slotFree', free, {}, true],
    ['slotFree', held, {}, false],
    ['slotHeld', undefined, {}, false],
    ['slotHeld', free, {}, false],
    ['slotHeld', held, {}, true],
    ['slotCooled', undefined, {}, false],
    ['slotCooled', free, { now: 4999 }, false],
    ['slotCooled', free, { now: 5000 }, true],
    ['generationNotNewer', undefined, {}, false],
    ['generationNotNewer', held, { generation: 2 }, false],
    ['generationNotNewer', held, { generation: 3 }, true],
    ['sameOwner', held, {}, true],
    ['sameOwner', held, { containerId: 'c2' }, false],
    ['sameOwner', held, { ifname: 'eth1' }, false],
    ['sameOwner', sealed, {}, false],
    ['sameNonce', held, {}, true],
    ['sameNonce', held, { nonce: 'n2' }, false],
    ['sameNonce', undefined, {}, false],
    ['sameNode', held, {}, true],
    ['sameNode', held, { node: 'i-2' }, false],
    ['sameNode', sealed, {}, false],
    ['samePod', free, {}, true],
    ['samePod', free, { podName: 'web-1' }, false],
    ['samePod', free, { namespace: 'bank' }, false],
    ['samePod', free, { podName: '', identity: 'vm-1' }, false],
    ['samePod', kept, { podName: '', identity: 'vm-1' }, true],
    ['samePod', kept, { podName: '', identity: 'vm-2' }, false],
    ['samePod', kept, { namespace: 'bank', identity: 'vm-1' }, false],
    ['samePod', kept, {}, false],
    ['samePod', sealed, { namespace: '', podName: '' }, false],
    ['incarnationNotNewer', held, { incarnation: 1 }, false],
    ['incarnationNotNewer', held, { incarnation: 2 }, true],
    ['incarnationNotNewer', sealed, {}, false],
  ])('%s of %o against %o is %s', (name, slot, against, expected) => {
    expect(slotConditions[name](slot, { ...fits, ...against })).toBe(expected);
  });
});

describe('an operation on a slot', () => {
  it('is allowed where all conditions of one of its alternatives hold', () => {
    expect(allows('hold', undefined, fits)).toBe(true);
    expect(allows('hold', free, fits)).toBe(true);
    expect(allows('hold', held, fits)).toBe(true);
    expect(allows('release', held, fits)).toBe(true);
    expect(allows('advance', undefined, fits)).toBe(true);
    expect(allows('advance', free, { ...fits, generation: 4 })).toBe(true);
    expect(allows('evict', held, { ...fits, generation: 4 })).toBe(true);
    expect(allows('sweep', held, { ...fits, containerId: '', ifname: '' })).toBe(true);
  });

  it('is never allowed on a slot that another holds (I1, I3)', () => {
    const other = { ...fits, containerId: 'c2', nonce: 'n2', node: 'i-2' };
    for (const operation of Object.keys(slotOperations) as (keyof typeof slotOperations)[]) {
      expect(allows(operation, held, other)).toBe(false);
    }
  });

  it('compares with what the holding says', () => {
    expect(againstHolding({ ...holding, heldAt: 7 }, 4, false)).toEqual({
      now: 7,
      generation: 4,
      containerId: 'c1',
      ifname: 'eth0',
      nonce: 'n1',
      node: 'i-1',
      incarnation: 2,
      namespace: '',
      podName: '',
      identity: '',
    });
    const { pod } = holding;
    expect(againstHolding(holding, 4, true)).toMatchObject({ namespace: pod?.namespace, podName: pod?.name });
    const ofIdentity = againstHolding({ ...holding, identity: 'vm-1' }, 4, true);
    expect(ofIdentity).toMatchObject({ namespace: pod?.namespace, podName: '', identity: 'vm-1' });
  });
});
