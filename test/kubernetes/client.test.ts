/** The client on a real connection: TLS, a token that is written anew, and servers that are slow, talk too much or are none. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { kubernetesApi } from '../../cni-shim/kubernetes/api.ts';
import { nodeObject } from '../../cni-shim/kubernetes/node-object.ts';
import { type ServiceAccount, serviceAccountIn } from '../../cni-shim/kubernetes/service-account.ts';
import { nodeFiles } from '../../cni-shim/machine/files.ts';
import { ApiServer } from './api-server.ts';
import { operationOf, wrongIn } from './published.ts';
import { rulesOfChart } from './rights.ts';
import { type ServedApi, serveApi } from './served.ts';
import { merged } from './strategic-merge.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((closed) => (server === undefined ? closed(undefined) : server.close(closed)));
  server = undefined;
});

const accountOf = (served: ServedApi): ServiceAccount => {
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(served.port) };
  const account = serviceAccountIn(served.directory, { env, files: nodeFiles });
  if (account === undefined) throw new Error('no account');
  return account;
};

test.each([
  [{ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }, 'https://10.96.0.1/'],
  [{ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, 'https://[fd00::1]:6443/'],
  [{ KUBERNETES_SERVICE_HOST: 'api.example' }, 'https://api.example/'],
  [{}, undefined],
  [{ KUBERNETES_SERVICE_HOST: 'no host' }, undefined],
])('the API of a pod with %o is %s', (env, endpoint) => {
  expect(serviceAccountIn('/none', { env, files: nodeFiles })?.endpoint.href).toBe(endpoint);
});

test('a server is known by the cluster’s certificate, and a token that is written anew is taken at once', async () => {
  const cluster = new ApiServer(rulesOfChart());
  cluster.put('nodes', { metadata: { name: 'worker-1' } });
  const served = await serveApi(cluster, true);
  try {
    const node = nodeObject(kubernetesApi(accountOf(served), 'test'), 'worker-1');
    expect(await node.read()).toMatchObject({ kind: 'done' });
    served.token = 'another-token';
    expect(await node.read()).toMatchObject({ kind: 'refused', status: 401, reason: 'Unauthorized' });
    served.writeToken('another-token');
    expect(await node.read()).toMatchObject({ kind: 'done' });
    const stranger = { ...accountOf(served), ca: () => undefined };
    expect(await nodeObject(kubernetesApi(stranger, 'test'), 'worker-1').read()).toMatchObject({ kind: 'unanswered' });
  } finally {
    await served.stop();
  }
});

test('without a token nothing is sent', async () => {
  const account = { endpoint: new URL('http://127.0.0.1:1'), token: () => undefined, ca: () => undefined };
  expect(await kubernetesApi(account, 'test').ask({ method: 'GET', path: '/' })).toMatchObject({
    kind: 'unanswered',
    why: 'there is no token of a service account',
  });
});

const SECRET = 'a-token-that-must-not-be-shown';
async function asked(listener: RequestListener, longestMs = 2_000) {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((listening) => started.listen(0, '127.0.0.1', listening));
  const endpoint = new URL(`http://127.0.0.1:${(started.address() as AddressInfo).port}`);
  const account = { endpoint, token: () => SECRET, ca: () => undefined };
  return kubernetesApi(account, 'test', longestMs).ask({ method: 'GET', path: '/api/v1/nodes/x' });
}

test.each<[string, RequestListener, RegExp]>([
  ['never answers', () => undefined, /no answer within/],
  ['never ends its answer', (_, response) => void response.writeHead(200).write('{'), /no answer within/],
  [
    'answers without an end',
    (_, response) => {
      response.writeHead(200);
      const more = () => response.destroyed || response.write(' '.repeat(1 << 20), more);
      more();
    },
    /longer than \d+ bytes/,
  ],
  ['cuts its answer off', (_, response) => void response.write('{', () => response.socket?.destroy()), /./],
  ['answers with a page', (_, response) => void response.end('<html>'), /no JSON object/],
  ['redirects', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1' }).end(), /302/],
  ['throttles', (_, response) => void response.writeHead(429).end('{"message":"slow down"}'), /slow down/],
])('a server that %s delays nothing for long, and the token is in no text', async (_, listener, why) => {
  const reply = await asked(listener, 300);
  expect(reply).toMatchObject({ why: expect.stringMatching(why) });
  expect(reply.kind).not.toBe('done');
  expect(JSON.stringify(reply)).not.toContain(SECRET);
});

test('what Kubernetes publishes is compared with: a request that it does not have, and fields that are none, are found', () => {
  expect(operationOf('PATCH', '/api/v1/nodes/worker-1/status')).toBe('patchCoreV1NodeStatus');
  expect(operationOf('POST', '/api/v1/namespaces/shop/events')).toBe('createCoreV1NamespacedEvent');
  expect(operationOf('PATCH', '/api/v1/nodes/worker-1/condition')).toBeUndefined();
  expect(operationOf('POST', '/api/v1/namespaces/shop/event')).toBeUndefined();
  const about = { apiVersion: 'v1', kind: 'Node' };
  const taint = { key: 'k', effect: 'NoSchedule' };
  expect(wrongIn('nodes', { ...about, spec: { taints: [taint] } })).toEqual([]);
  expect(wrongIn('nodes', { ...about, spec: { taints: [{ key: 'k' }] } })).not.toEqual([]);
  expect(wrongIn('nodes', { ...about, spec: { taints: [{ ...taint, efect: 'x' }] } })).toEqual([
    '/spec/taints/0/efect: no such field',
  ]);
  expect(wrongIn('events', { metadata: {}, involvedObject: {}, count: 'three' })).not.toEqual([]);
});

test('a strategic merge changes the condition of its type, and replaces taints as a whole', () => {
  const before = { spec: { taints: [{ key: 'a' }] }, status: { conditions: [{ type: 'A', x: 1 }, { type: 'B' }] } };
  const patch = {
    spec: { taints: [] },
    status: {
      conditions: [
        { type: 'A', y: 2 },
        { $patch: 'delete', type: 'B' },
      ],
    },
  };
  expect(merged(before, patch)).toEqual({ spec: { taints: [] }, status: { conditions: [{ type: 'A', x: 1, y: 2 }] } });
});
