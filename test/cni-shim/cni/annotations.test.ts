/** What a pod asks for by annotations: as the runtime hands them over, and by the same keys for one attachment. */
import { describe, expect, test } from 'vitest';
import { askedByPod } from '../../../cni-shim/cni/annotations.ts';
import { most } from '../../../core/contract/limits.ts';

const asked = (annotations: unknown, nearer?: unknown) => askedByPod(annotations, nearer, 'pods');
const many = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`).join(',');

describe('annotations of a pod', () => {
  test.each<[string, unknown, object]>([
    ['pools in their order, each once', { 'lessor.dev/pools': 'blue, green,blue' }, { pools: ['blue', 'green'] }],
    [
      'addresses in one spelling',
      { 'lessor.dev/addresses': '10.1.0.5/16,FD00::0005' },
      { addresses: ['10.1.0.5', 'fd00::5'] },
    ],
    ['an identity', { 'lessor.dev/identity': 'vm-1.shop' }, { identity: 'vm-1.shop' }],
    ['what is for this network', { 'lessor.dev/pools': '{"pods": "blue", "storage": "green"}' }, { pools: ['blue'] }],
    ['nothing where it is for other networks', { 'lessor.dev/identity': '{"storage": "vm-1"}' }, {}],
    ['nothing of other people’s', { 'example.com/pools': 'x', 'lessor.device/pools': 'x', pools: 'x' }, {}],
    ['nothing where there are none', undefined, {}],
  ])('ask for %s', (_, annotations, wanted) => {
    expect(asked(annotations)).toEqual(wanted);
  });

  test('give way to the same key for the attachment, and not to another one', () => {
    const annotations = { 'lessor.dev/pools': 'blue', 'lessor.dev/identity': 'vm-1' };
    const nearer = { 'lessor.dev/pools': 'green', ips: ['10.1.0.5'] };
    expect(asked(annotations, nearer)).toEqual({ pools: ['green'], identity: 'vm-1' });
  });

  test('are read fast where others wrote as much as a pod may have', () => {
    const others = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`example.com/${n}`, 'x'.repeat(100)]));
    expect(asked({ ...others, 'lessor.dev/pools': 'blue' })).toEqual({ pools: ['blue'] });
  });

  test.each<[string, unknown, RegExp]>([
    ['a key that is not known', { 'lessor.dev/pool': 'blue' }, /"lessor.dev\/pool" .*did you mean lessor.dev\/pools\?/],
    ['one that is like none', { 'lessor.dev/zzz': 'x' }, /those are lessor.dev\/pools, /],
    ['an empty entry', { 'lessor.dev/pools': 'blue,,green' }, /lessor.dev\/pools "blue,,green" has an empty entry/],
    ['an empty value', { 'lessor.dev/pools': '' }, /lessor.dev\/pools "" has an empty entry/],
    ['a name that is none', { 'lessor.dev/pools': 'blue,gr een' }, /lessor.dev\/pools "gr een" is no pool name/],
    ['too many pools', { 'lessor.dev/pools': many(most.names + 1) }, /has 65 entries: 64 are the most/],
    ['no address', { 'lessor.dev/addresses': 'blue' }, /lessor.dev\/addresses "blue" is no IP address: write one/],
    ['no identity', { 'lessor.dev/identity': 'VM 1' }, /lessor.dev\/identity "VM 1" is no identity: write lower-case/],
    ['a value that is too long', { 'lessor.dev/pools': 'x'.repeat(16_385) }, /has 16385 bytes: 16384 are the most/],
    ['what is no text', { 'lessor.dev/pools': ['blue'] }, /lessor.dev\/pools \["blue"\] is no text/],
    ['broken JSON', { 'lessor.dev/pools': '{"pods": ' }, /is no JSON object: write it like/],
    ['JSON of something else', { 'lessor.dev/pools': '{"pods": 1}' }, /lessor.dev\/pools 1 of network pods is no text/],
    [
      'too many networks',
      { 'lessor.dev/pools': JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, 'p']))) },
      /names 65 networks: 64 are the most/,
    ],
    ['no annotations at all', 'blue', /runtimeConfig "blue" holds no annotations/],
  ])('are refused by name with %s', (_, annotations, message) => {
    expect(() => asked(annotations)).toThrow(message);
  });
});
