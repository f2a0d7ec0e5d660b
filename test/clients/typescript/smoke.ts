/** A client that openapi-typescript generated (lessor.ts), used for one call of each kind. Prints what came back as JSON. */
import { AwsClient } from 'aws4fetch';
import createClient from 'openapi-fetch';
import type { components, paths } from './lessor.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
declare const process: { env: Record<string, string>; stdout: { write(text: string): void } };
const {
  LESSOR_ENDPOINT: baseUrl = '',
  LESSOR_REGION: region = '',
  LESSOR_NODE = '',
  LESSOR_OPERATOR = '',
} = process.env;

function clientOf(credentials: Credentials) {
  const aws = new AwsClient({ ...credentials, service: 'execute-api', region, retries: 0 });
  return createClient<paths>({ baseUrl, fetch: (request) => aws.fetch(request) });
}

const operator = clientOf(JSON.parse(LESSOR_OPERATOR));
const node = clientOf(JSON.parse(LESSOR_NODE));

const name = 'typescript';
const created = await operator.POST('/v1/pools', { body: { name, ranges: [[{ subnet: '10.61.0.0/24' }]] } });
const pool: components['schemas']['Pool'] | undefined = created.data?.pool;

const attachment = { network: name, containerId: 'container-1', ifname: 'eth0' };
const nonce = '00000000000000010000000000000001';
const granted = await node.POST('/v1/leases', {
  body: { attachment, nonce, attempt: 1, boot: 'boot-1', pool: { name }, pod: { namespace: 'shop', name: 'cart-1' } },
});
if (granted.data === undefined) throw new Error(JSON.stringify(granted.error));
const { slot, addresses } = granted.data;

const held = await operator.GET('/v1/pools/{pool}/leases', { params: { path: { pool: name } } });
const changed = await operator.PATCH('/v1/pools/{pool}', {
  params: { path: { pool: name }, header: { 'If-Match': created.response.headers.get('etag') ?? '' } },
  body: { quota: 10 },
});
const released = await node.POST('/v1/releases', { body: { attachment, nonce, slot, acknowledged: true } });
const missing = await operator.GET('/v1/pools/{pool}', { params: { path: { pool: 'none' } } });
const wrongKey = await clientOf({ ...JSON.parse(LESSOR_OPERATOR), secretAccessKey: 'wrong' }).GET('/v1/pools');

process.stdout.write(
  JSON.stringify({
    pool: pool?.name,
    addresses: addresses.length,
    held: held.data?.leases.map((lease) => [lease.state, lease.pod?.name]),
    quota: changed.data?.pool.quota,
    released: released.data?.released.length,
    missing: missing.error && 'code' in missing.error ? missing.error.code : undefined,
    wrongKey: wrongKey.response.status,
  }),
);
