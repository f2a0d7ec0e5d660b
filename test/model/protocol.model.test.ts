/** The small configurations, each explored to its last state; `npm run model` explores the others too. */
import { describe, expect, it } from 'vitest';
import { exhausted, explored } from './configurations.ts';
import { read, table } from './refuted.ts';

describe('the protocol holds its invariants in every state of', () => {
  it.each(exhausted.filter(({ small }) => small))('“$name”', ({ name, states, depth }) => {
    expect(explored(name, new Set())).toEqual({ states, depth });
  });
});

describe('docs/protocol.md', () => {
  it('names the configurations and their figures', () => {
    expect(read().table).toBe(table());
  });
});
