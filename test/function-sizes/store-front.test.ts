import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openRunDirectory } from '../../local/run-directory.ts';
import { type StoreFront, startFront } from './store-front.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A front before something that answers how often it was asked. */
async function counted() {
  let asked = 0;
  const behind = http.createServer((request, response) => {
    request.resume();
    response.end(String(++asked));
  });
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  const directory = openRunDirectory('front');
  const front = await startFront(`http://127.0.0.1:${(behind.address() as AddressInfo).port}`, directory.path);
  closing.push(
    () => behind.close(),
    directory.remove,
    () => front.stop(),
  );
  return front;
}

async function ask({ environment }: StoreFront, operation: string, pk: string): Promise<string> {
  const { AWS_ENDPOINT_URL_DYNAMODB: url = '', NODE_EXTRA_CA_CERTS: file = '' } = environment;
  const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
  const request = https.request(url, { method: 'POST', headers, ca: readFileSync(file), agent: false });
  request.end(JSON.stringify({ TableName: 'Leases', Key: { pk: { S: pk } } }));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

it('what was read is kept until its partition is written, and no longer', async () => {
  const front = await counted();
  expect(await ask(front, 'GetItem', 'a')).toBe('1');
  expect(await ask(front, 'GetItem', 'b')).toBe('2');
  expect(await ask(front, 'GetItem', 'a')).toBe('1');
  expect(await ask(front, 'UpdateItem', 'a')).toBe('3');
  expect(await ask(front, 'GetItem', 'a')).toBe('4');
  expect(await ask(front, 'GetItem', 'b')).toBe('2');
  front.forget();
  expect(await ask(front, 'GetItem', 'b')).toBe('5');
  expect(front.answered().all).toBe(7);
});
