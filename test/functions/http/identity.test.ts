import { describe, expect, it } from 'vitest';
import { LessorError } from '../../../core/contract/problems.ts';
import { accountOf, callerOf, clusterOf } from '../../../functions/http/identity.ts';

const ROLES = ['lessor-node', 'other-nodes'];
const OWN = accountOf('arn:aws:lambda:us-east-1:123456789012:function:Lessor-allocate');

describe('the caller', () => {
  it.each([
    [
      'an EC2 instance',
      'arn:aws:sts::123456789012:assumed-role/lessor-node/i-0123456789abcdef0',
      'i-0123456789abcdef0',
    ],
    ['an EC2 instance with a short id', 'arn:aws:sts::123456789012:assumed-role/other-nodes/i-01234567', 'i-01234567'],
    [
      'an EC2 instance of another account, whatever its role is called',
      'arn:aws:sts::210987654321:assumed-role/lessor-node/i-01234567',
      '210987654321/i-01234567',
    ],
    [
      'a session of another account',
      'arn:aws:sts::210987654321:assumed-role/ci/i-01234567',
      '210987654321/role/ci/i-01234567',
    ],
    ['a user of another account', 'arn:aws:iam::210987654321:user/ann', '210987654321/user/ann'],
    [
      'an EC2 instance of the account with that number in China',
      'arn:aws-cn:sts::123456789012:assumed-role/lessor-node/i-01234567',
      'aws-cn:123456789012/i-01234567',
    ],
    ['a session of another role', 'arn:aws:sts::123456789012:assumed-role/ci/run-7', 'role/ci/run-7'],
    [
      'a session that only claims to be an instance',
      'arn:aws:sts::123456789012:assumed-role/ci/i-01234567',
      'role/ci/i-01234567',
    ],
    [
      'a person of the identity centre',
      'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Ops_1/ann@example.org',
      'role/AWSReservedSSO_Ops_1/ann@example.org',
    ],
    ['a user', 'arn:aws:iam::123456789012:user/ann', 'user/ann'],
    ['a user under a path', 'arn:aws:iam::123456789012:user/division/ann', 'user/ann'],
  ])('is %s: %s', (_, arn, caller) => {
    expect(callerOf(arn, ROLES, OWN)).toBe(caller);
  });

  it.each([
    ['root', 'arn:aws:iam::123456789012:root'],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/ann'],
    ['a role without a session', 'arn:aws:iam::123456789012:role/lessor-node'],
    ['a session name with a slash', 'arn:aws:sts::123456789012:assumed-role/lessor-node/x/i-01234567'],
    ['a session of an instance role that is no instance', 'arn:aws:sts::123456789012:assumed-role/lessor-node/ann'],
    ['an instance id in capitals', 'arn:aws:sts::123456789012:assumed-role/lessor-node/i-0123456789ABCDEF0'],
    ['something behind an instance id', 'arn:aws:sts::123456789012:assumed-role/lessor-node/i-01234567\n'],
    ['another service', 'arn:aws:s3::123456789012:user/ann'],
    ['no account', 'arn:aws:iam:::user/ann'],
    ['empty text', ''],
    ['nobody, where the request is unsigned', undefined],
  ])('is refused: %s', (_, arn) => {
    const refused = () => callerOf(arn, ROLES, OWN);
    expect(refused).toThrow(LessorError);
    expect(refused).toThrow(arn ? (arn.split('/').at(-1) ?? '') : '(unsigned)');
    expect(refused).toThrow(expect.objectContaining({ code: 'auth.denied' }));
  });

  it('is of the same account in China where the deployment is there', () => {
    const own = accountOf('arn:aws-cn:lambda:cn-north-1:123456789012:function:Lessor-allocate:live');
    const arn = 'arn:aws-cn:sts::123456789012:assumed-role/lessor-node/i-01234567';
    expect(callerOf(arn, ROLES, own)).toBe('i-01234567');
  });

  it('cannot be told where it is unknown whose the function is', () => {
    for (const arn of ['', 'arn:aws:iam::123456789012:role/x', 'arn:aws:lambda:us-east-1::function:x'])
      expect(() => accountOf(arn)).toThrow('is not the ARN of a function');
  });

  it('has ids that no other kind of caller can have', () => {
    const session = callerOf('arn:aws:sts::123456789012:assumed-role/user/ann', ROLES, OWN);
    const user = callerOf('arn:aws:iam::123456789012:user/ann', ROLES, OWN);
    const instance = callerOf('arn:aws:sts::123456789012:assumed-role/lessor-node/i-01234567', ROLES, OWN);
    expect(new Set([session, user, instance]).size).toBe(3);
  });
});

describe('the cluster of a caller', () => {
  const clusters = new Map([
    ['lessor-node', 'production'],
    ['ci', 'test'],
  ]);

  it.each([
    ['that of its role', 'arn:aws:sts::123456789012:assumed-role/lessor-node/i-0123456789abcdef0', 'production'],
    ['that of its role, whatever the session says', 'arn:aws:sts::123456789012:assumed-role/ci/lessor-node', 'test'],
    ['none where its role has none', 'arn:aws:sts::123456789012:assumed-role/other/i-0123456789abcdef0', undefined],
    ['none of a role of that name in another account', 'arn:aws:sts::210987654321:assumed-role/ci/x', undefined],
    ['none of a role of that name in another partition', 'arn:aws-cn:sts::123456789012:assumed-role/ci/x', undefined],
    ['none of a user', 'arn:aws:iam::123456789012:user/ci', undefined],
    ['none of nobody', undefined, undefined],
  ])('is %s', (_, arn, cluster) => {
    expect(clusterOf(arn, clusters, OWN)).toBe(cluster);
  });
});
