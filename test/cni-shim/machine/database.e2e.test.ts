/** How the compiled executable leaves its journal. */
import { existsSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { buildPlugin } from '../../../cni-shim/build/build.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, type Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';

let executable: string;
let node: Node;
beforeAll(async () => {
  executable = (await buildPlugin()).path;
});
withFreshNode((fresh) => {
  ({ node } = fresh);
});

test('a call ends without writing the log of its journal back, for which it would wait for the disk', async () => {
  const stdin = configuration({ ranges: [[{ subnet: '10.244.0.0/16' }]] });
  for (const [verb, container] of [
    ['ADD', 'c1'],
    ['ADD', 'c2'],
    ['DEL', 'c1'],
  ]) {
    const env = { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: container };
    expect(await call({ executable, env, stdin })).toMatchObject({ exitCode: 0 });
    expect(existsSync(`${node.journalPath}-wal`)).toBe(true);
  }
  expect(node.entries()).toMatchObject([{ attachment: { containerId: 'c2' } }]);
  expect(node.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});
