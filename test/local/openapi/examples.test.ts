/** The examples of the OpenAPI document, sent to the local stack in the order of their story. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { paths, type RouteName } from '../../../core/contract/paths.ts';
import { routes } from '../../../core/contract/routes.ts';
import { type Example, examples, story } from '../../../local/openapi/examples/examples.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askOperation } from '../../support/asking.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/**
 * What stands in the examples, and what it is in this stack. Ids, blocks and slots are drawn at random: as soon as an answer
 * tells one, what is asked later has it too.
 */
function translation() {
  const texts = new Map<string, string>();
  const objects = new Map<string, unknown>();
  const learn = (example: unknown, live: unknown): void => {
    if (typeof example === 'string' && typeof live === 'string') {
      texts.set(example, live);
      // An address stands with the prefix length of its subnet, and without it.
      if (example.includes('/')) texts.set(example.split('/')[0] ?? '', live.split('/')[0] ?? '');
    }
    if (typeof example !== 'object' || typeof live !== 'object' || example === null || live === null) return;
    objects.set(JSON.stringify(example), live);
    for (const [key, value] of Object.entries(example)) learn(value, (live as Record<string, unknown>)[key]);
  };
  const translated = (value: unknown): unknown => {
    if (typeof value === 'string') return texts.get(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    const known = objects.get(JSON.stringify(value));
    if (known !== undefined) return known;
    if (Array.isArray(value)) return value.map(translated);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, translated(one)]));
  };
  return { learn, translated: <T>(value: T) => translated(value) as T };
}

/** What of a value everybody relies on: which fields there are, of which kind, and whether a list has anything. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

const { learn, translated } = translation();

async function run(name: RouteName): Promise<void> {
  const { status, result, ...asked } = examples[name] as Example;
  const identity = routes[name].caller === 'node' ? stack.nodes[0] : stack.operator;
  const answer = await askOperation(stack, identity, name, translated(asked));
  expect([answer.status, shapeOf(answer.body)]).toEqual([status, shapeOf(result)]);
  learn(result, answer.body);
}

describe('the examples', () => {
  it('are one story, with each operation once', () => {
    expect([...story].sort()).toEqual(Object.keys(paths).sort());
  });

  it.each(story)('tell what is asked and what comes back: %s', async (name) => {
    // As its next run would make up for one that the database was too busy for.
    if (name === 'deletePool') await vi.waitFor(() => stack.runSchedule(), { timeout: 30_000, interval: 500 });
    await run(name);
  });

  it('are compared by the shape of what comes back: a field that is missing, or of another kind, is found', () => {
    const shape = shapeOf({ slot: { block: 'a7', slot: 1 }, blocks: [] });
    expect(shapeOf({ slot: { block: '3', slot: 9 }, blocks: [] })).toEqual(shape);
    expect(shapeOf({ slot: { block: '3' }, blocks: [] })).not.toEqual(shape);
    expect(shapeOf({ slot: { block: 3, slot: 9 }, blocks: [] })).not.toEqual(shape);
    expect(shapeOf({ slot: { block: '3', slot: 9 }, blocks: [1] })).not.toEqual(shape);
  });
});
