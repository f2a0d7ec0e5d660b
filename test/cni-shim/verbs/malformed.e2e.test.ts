/** Malformed inputs of the compiled plugin: what its own runtime makes of them, and its own fetch of wrong answers. */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPlugin } from '../../../cni-shim/build/build.ts';
import { complaint } from '../cni-error-object.ts';
import { FakeApi } from '../fake-api.ts';
import { Node } from '../in-process.ts';
import { call } from '../plugin-process.ts';
import { type MalformedInput, malformedInput, staying } from './malformed-inputs.ts';

const CALLS = 200;
/** What answers are made of: of an ADD it is as wrong as what is changed in it. */
const released = '{"released":[]}';

let api: FakeApi;
let node: Node;
let executable: string;
beforeAll(async () => {
  executable = (await buildPlugin()).path;
  api = await FakeApi.start();
  node = new Node(api);
});
afterAll(async () => {
  node.remove();
  await api.stop();
});

/** The API answers wrongly and then, so that no call repeats for its 20 s, rightly. */
async function attempt(input: MalformedInput, containerId: string) {
  const valid = readFileSync(node.config, 'utf8');
  const content = input.node(valid);
  let sent = 0;
  api.fate = () => {
    const wrong = input.answers[sent++]?.(released);
    return wrong === undefined ? 'answer' : wrong === 'dies' ? 'lose' : wrong;
  };
  try {
    writeFileSync(node.config, staying(node.dataDir, content));
    const env = {
      ...node.env,
      HOME: node.directory,
      AWS_EC2_METADATA_DISABLED: 'true',
      CNI_COMMAND: input.verb,
      CNI_CONTAINERID: containerId,
    };
    return await call({ executable, env: { ...env, ...input.env }, stdin: input.stdin });
  } finally {
    writeFileSync(node.config, valid);
  }
}

test(`${CALLS} malformed inputs of the executable are refused with an error object and nothing else, or accepted`, async () => {
  let refused = 0;
  for (const [index, input] of fc.sample(malformedInput, CALLS).entries()) {
    const ended = await attempt(input, `c${index}`);
    if (ended.exitCode === 0) {
      expect(ended.stderr).toBe('');
      continue;
    }
    refused++;
    expect(complaint(ended), JSON.stringify({ ...input, answers: input.answers.length })).toBeUndefined();
  }
  console.info(`refused ${refused} of ${CALLS}`);
  expect(refused).toBeGreaterThan(CALLS / 2);
}, 240_000);

test('a path that is too long for any system call is the error of that path', async () => {
  const env = { ...node.env, LESSOR_CONFIG: 'x'.repeat(5000), CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1' };
  const stdin = JSON.stringify({ cniVersion: '1.1.0', name: 'blue', type: 'lessor', ipam: { type: 'lessor' } });
  const { exitCode, printed } = await call({ executable, env, stdin });
  expect([exitCode, printed.code, printed.details]).toEqual([1, 5, 'give it a shorter path']);
  expect(printed.msg).toMatch(/^lessor: access x+$/);
});
