import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Signing, type SigningRequest, sign } from '../../../cni-shim/aws/sigv4.ts';

type Sign = typeof sign;

const word = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/);
const path = fc.array(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), { maxLength: 4 }).map(
  (segments) =>
    // Dot segments are resolved by URL itself, whatever the signer does.
    `/${segments
      .filter((segment) => !/^\.{1,2}$/.test(segment))
      .map(encodeURIComponent)
      .join('/')}`,
);
const query = fc.dictionary(word, fc.string({ maxLength: 10, unit: 'grapheme' }), { maxKeys: 4 });
const headerValue = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  origin: fc.constantFrom('https://abc123.execute-api.eu-central-1.amazonaws.com', 'http://127.0.0.1:8470'),
  path,
  query,
  headers: fc.dictionary(
    word.map((name) => `x-${name}`),
    headerValue,
    { maxKeys: 4 },
  ),
  body: fc.string({ maxLength: 200, unit: 'grapheme' }),
});
const signing = fc.record({
  credentials: fc.record(
    { accessKeyId: word, secretAccessKey: fc.string({ minLength: 1 }), sessionToken: word },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  ),
  region: fc.constantFrom('eu-central-1', 'us-gov-west-1'),
  service: fc.constantFrom('execute-api', 'sts'),
  at: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
});

function toRequest({
  origin,
  path,
  query,
  method,
  headers,
  body,
}: typeof request extends fc.Arbitrary<infer T> ? T : never): SigningRequest {
  const url = new URL(`${origin}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { method, url, headers, body };
}

async function awsAuthorization(
  { method, url, headers, body }: SigningRequest,
  { credentials, region, service, at }: Signing,
) {
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: false });
  const query = Object.fromEntries(url.searchParams);
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol: url.protocol,
      hostname: url.host,
      path: url.pathname,
      query,
      headers: { ...headers, host: url.host },
      body,
    }),
    { signingDate: at },
  );
  return signed.headers.authorization;
}

const signsAsAwsDoes = (implementation: Sign) =>
  fc.asyncProperty(request, signing, async (parts, how) => {
    const asked = toRequest(parts);
    const signed = await implementation(asked, how as Signing);
    expect(signed.authorization).toBe(await awsAuthorization(asked, how as Signing));
  });

const mutants: Record<string, Sign> = {
  'the path is encoded once': (asked, how) => {
    const url = new URL(asked.url);
    Object.defineProperty(url, 'pathname', { value: decodeURIComponent(url.pathname) });
    return sign({ ...asked, url }, how);
  },
  'the session token is left out': (asked, how) => {
    const { accessKeyId, secretAccessKey } = how.credentials;
    return sign(asked, { ...how, credentials: { accessKeyId, secretAccessKey } });
  },
  'the body is not signed': (asked, how) => sign({ ...asked, body: '' }, how),
  'the region is wrong': (asked, how) => sign(asked, { ...how, region: 'us-east-1' }),
};

describe('a signature', () => {
  test('is the one that the AWS SDK computes, whatever path, query, headers, body and credentials', async () => {
    await fc.assert(signsAsAwsDoes(sign), { numRuns: 300 });
  });

  test.each(Object.entries(mutants))('of a signer of which %s is found out', async (_, mutant) => {
    const { failed } = await fc.check(signsAsAwsDoes(mutant), { seed: 1, numRuns: 300 });
    expect(failed).toBe(true);
  });

  test('leaves the given headers alone and adds date, token and authorization', async () => {
    const credentials = { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C' };
    const asked = {
      method: 'POST',
      url: new URL('http://h/p'),
      headers: { 'content-type': 'application/json' },
      body: '{}',
    };
    const at = new Date('2026-01-02T03:04:05.678Z');
    const signed = await sign(asked, { credentials, region: 'r', service: 's', at });
    expect(signed).toMatchObject({
      'content-type': 'application/json',
      'x-amz-date': '20260102T030405Z',
      'x-amz-security-token': 'C',
    });
    expect(signed.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=A\/20260102\/r\/s\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
  });
});
