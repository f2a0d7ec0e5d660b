import { expect, it } from 'vitest';
import { docComments } from '../../../local/openapi/doc-comments.ts';

const SOURCE = `/** The file. */
import * as z from 'zod/mini';

/** Where it is. */
const place = z.string();

/**
 * A lease,
 * as it is shown.
 *
 * Of a node.
 * @throws nothing
 */
export const lease = z.extend(base, {
  /** Who has it. */
  node: z.string(),
  place: z.optional(place),
  // For programmers.
  plain: z.string().check(place),
  ...counts,
  ...policy.shape,
} satisfies Shape);
`;

it('A comment is of the constant or the member that follows it, in plain paragraphs', () => {
  const found = docComments('lease.ts', SOURCE);
  expect([...found.keys()]).toEqual(['place', 'lease']);
  expect(found.get('place')?.text).toBe('Where it is.');
  const { text, members, constants, bases } = found.get('lease') ?? {};
  expect(text).toBe('A lease, as it is shown.\n\nOf a node.');
  expect([...(members ?? [])]).toEqual([['node', 'Who has it.']]);
  expect([...(constants ?? [])]).toEqual([['place', 'place']]);
  expect(bases).toEqual(['base', 'counts', 'policy']);
});
