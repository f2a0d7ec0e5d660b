/** For each test of a file an API and a node of its own. */
import { afterEach, beforeEach } from 'vitest';
import { FakeApi } from './fake-api.ts';
import { Node } from './in-process.ts';

interface FreshNode {
  readonly api: FakeApi;
  readonly node: Node;
}

/** @param take is given them before each test; they end with it */
export function withFreshNode(take: (fresh: FreshNode) => void): void {
  let fresh: FreshNode;
  beforeEach(async () => {
    const api = await FakeApi.start();
    fresh = { api, node: new Node(api) };
    take(fresh);
  });
  afterEach(async () => {
    fresh.node.remove();
    await fresh.api.stop();
  });
}
