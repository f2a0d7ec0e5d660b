/** How many namespaces have room in a pool's counter, so that a batch is one write of a write unit. */
import { expect, it } from 'vitest';
import { placesBeside } from '../../../core/protocol/counter.ts';

/** What their attributes take, two for each: of a pool's counter, beside its marks of two sets of shards. */
const bytesOf = (namespaces: Iterable<string>): number =>
  [...namespaces].reduce((sum, namespace) => sum + 2 * Buffer.byteLength(namespace), 0);

it.each(['a', 'é', '名', '🚀'])('is by bytes, also of names of %s, which no Kubernetes has', (letter) => {
  const wanted = Array.from({ length: 40 }, (_, index) => `${letter.repeat(20)}${index}`);
  const { beside } = placesBeside(wanted, new Set());
  expect(beside.size).toBeGreaterThan(1);
  expect(bytesOf(beside)).toBeLessThan(500);
  const { joining } = placesBeside(wanted, beside);
  expect(joining).toEqual([]);
});
