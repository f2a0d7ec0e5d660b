import { describe, expect, it } from 'vitest';
import { ec2Node, type Identity, newAccessKeys, operatorUser } from '../../../local/aws/identities.ts';
import { type SignedRequest, verify } from '../../../local/aws/signature.ts';
import { type Signing, signed } from './sigv4.ts';

const now = Date.UTC(2026, 10, 25, 12, 0, 0);
const node = ec2Node('000000000000', 'lessor-node', 'i-0123456789abcdef0');
const operator = operatorUser('000000000000');
const known = new Map([node, operator].map((identity) => [identity.accessKeyId, identity]));

const post: Signing = {
  method: 'POST',
  path: '/v1/leases',
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
  now,
};
const verdict = (request: SignedRequest) =>
  verify(request, { region: 'us-east-1', now, callerOf: (key) => known.get(key) });
const refused = (reason: string) => ({ authentic: false, reason });
const withHeaders = (request: SignedRequest, headers: Record<string, string>): SignedRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

describe('a signature', () => {
  it.each<[string, Identity, Signing]>([
    ['of a session, over a body', node, post],
    ['of a user without a session token', operator, { path: '/v1/pools', now }],
    ['over a query', operator, { path: '/v1/pools', query: 'vrf=a%20b&vrf=c&x=', now }],
    ['over a path with an escaped character', operator, { path: '/v1/pools/a.b-c_d/leases', now }],
    ['over every header that the client sends', node, { ...post, headers: { 'user-agent': 'curl/8', accept: '*/*' } }],
    ['four minutes old', node, { ...post, now: now - 4 * 60_000 }],
    ['of a clock that is four minutes ahead', node, { ...post, now: now + 4 * 60_000 }],
  ])('%s is accepted', async (_, identity, signing) => {
    expect(await verdict(signed(identity, signing))).toEqual({ authentic: true, caller: identity });
  });

  it.each<[string, SignedRequest, string]>([
    ['is missing', { ...signed(node, post), headers: {} }, 'the Authorization header is missing or malformed'],
    [
      'is malformed',
      withHeaders(signed(node, post), { authorization: 'AWS4-HMAC-SHA256 x' }),
      'the Authorization header is missing or malformed',
    ],
    ['is made with an unknown key', signed(newAccessKeys(), post), 'the access key is unknown'],
    [
      'is made with a wrong secret',
      signed({ ...node, secretAccessKey: 'wrong' }, post),
      'the signature does not match',
    ],
    ['is of another body', { ...signed(node, post), body: Buffer.from('{"a":2}') }, 'the signature does not match'],
    ['is of another path', { ...signed(node, post), path: '/v1/releases' }, 'the signature does not match'],
    ['is of another method', { ...signed(node, post), method: 'PUT' }, 'the signature does not match'],
    [
      'is of another query',
      { ...signed(operator, { path: '/v1/pools', query: 'vrf=a', now }), query: 'vrf=b' },
      'the signature does not match',
    ],
    ['is of another host', withHeaders(signed(node, post), { host: 'evil.example' }), 'the signature does not match'],
    ['is six minutes old', signed(node, { ...post, now: now - 6 * 60_000 }), 'the signature is stale'],
    ['is six minutes ahead', signed(node, { ...post, now: now + 6 * 60_000 }), 'the signature is stale'],
    [
      'got a fresh date',
      withHeaders(signed(node, { ...post, now: now - 3_600_000 }), { 'x-amz-date': '20261125T120000Z' }),
      'the signature does not match',
    ],
    ['has no date', withHeaders(signed(node, post), { 'x-amz-date': '' }), 'x-amz-date is missing or malformed'],
    [
      'has a date that is none',
      withHeaders(signed(node, post), { 'x-amz-date': '20261399T120000Z' }),
      'x-amz-date is missing or malformed',
    ],
    ['is for another region', signed(node, { ...post, region: 'eu-west-1' }), 'the scope is another region or service'],
    ['is for another service', signed(node, { ...post, service: 'sts' }), 'the scope is another region or service'],
    ['does not cover the host', signed(node, { ...post, unsigned: ['host'] }), 'the header host is not signed'],
    [
      'does not cover the date',
      signed(node, { ...post, unsigned: ['x-amz-date'] }),
      'the header x-amz-date is not signed',
    ],
    [
      'does not cover the session token',
      signed(node, { ...post, unsigned: ['x-amz-security-token'] }),
      'the header x-amz-security-token is not signed',
    ],
    [
      'comes without the session token',
      signed({ accessKeyId: node.accessKeyId, secretAccessKey: node.secretAccessKey }, post),
      'the session token is missing or wrong',
    ],
    [
      'comes with a wrong session token',
      signed({ ...node, sessionToken: 'other' }, post),
      'the session token is missing or wrong',
    ],
    [
      'is in the query',
      { ...signed(operator, { path: '/v1/pools', now }), query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0' },
      'the signature is in the query',
    ],
    [
      'comes with a query that cannot be decoded',
      { ...signed(operator, { path: '/v1/pools', now }), query: 'vrf=%E0%A4%A' },
      'the query cannot be decoded',
    ],
  ])('that %s is refused', async (_, request, reason) => {
    expect(await verdict(request)).toEqual(refused(reason));
  });

  it('that covers a content hash is refused if the body is another', async () => {
    const hash = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
    const request = signed(node, { ...post, headers: { 'x-amz-content-sha256': hash } });
    expect(await verdict(request)).toEqual({ authentic: true, caller: node });
    const changed = { ...request, body: Buffer.from('{"a":2}') };
    expect(await verdict(changed)).toEqual(refused('x-amz-content-sha256 is not that of the body'));
  });

  it('is the one of the documentation of AWS for the same request and key', () => {
    // IAM User Guide, "Signature Version 4 test suite": get-vanilla.
    const example = signed(
      { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
      {
        path: '/',
        headers: { host: 'example.amazonaws.com' },
        service: 'service',
        now: Date.UTC(2015, 7, 30, 12, 36, 0),
      },
    );
    expect(example.headers.authorization).toContain(
      'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
  });
});
