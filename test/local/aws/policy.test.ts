import { describe, expect, it } from 'vitest';
import { permits, type Statement } from '../../../local/aws/policy.ts';

const allow = (actions: string[], resources: string[]): Statement => ({ effect: 'Allow', actions, resources });
const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/Leases';

describe('a policy', () => {
  const read = allow(['dynamodb:GetItem', 'dynamodb:Query'], [table]);

  it('allows what a statement names, and nothing else', () => {
    expect(permits([read], 'dynamodb:Query', table)).toBe(true);
    expect(permits([read], 'dynamodb:PutItem', table)).toBe(false);
    expect(permits([read], 'dynamodb:Query', `${table}2`)).toBe(false);
    expect(permits([], 'dynamodb:Query', table)).toBe(false);
  });

  it('takes action and resource from one statement, never from two', () => {
    const write = allow(['dynamodb:PutItem'], ['arn:other']);
    expect(permits([read, write], 'dynamodb:PutItem', table)).toBe(false);
  });

  it('ignores case in actions, but not in resources', () => {
    expect(permits([read], 'DynamoDB:query', table)).toBe(true);
    expect(permits([read], 'dynamodb:Query', table.toUpperCase())).toBe(false);
  });

  it('lets * stand for any characters and ? for one, and takes every other character as it is', () => {
    const route = allow(['execute-api:Invoke'], ['arn:api/$default/GET/v1/pools/*/leases', 'arn:(x).?']);
    const invoke = (resource: string) => permits([route], 'execute-api:Invoke', resource);
    expect(invoke('arn:api/$default/GET/v1/pools/a/leases')).toBe(true);
    expect(invoke('arn:api/$default/POST/v1/pools/a/leases')).toBe(false);
    expect(invoke('arn:(x).y')).toBe(true);
    expect(invoke('arn:(x)zy')).toBe(false);
    expect(invoke('arn:(x).')).toBe(false);
  });

  it('denies what any statement denies', () => {
    const deny: Statement = { effect: 'Deny', actions: ['dynamodb:*'], resources: ['*'] };
    expect(permits([read, deny], 'dynamodb:Query', table)).toBe(false);
  });
});
