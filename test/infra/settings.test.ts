import { describe, expect, it } from 'vitest';
import { type Settings, settingsFrom } from '../../infra/settings.ts';

const settings = (context: Partial<Record<keyof Settings, unknown>>) => settingsFrom(context);

describe('the settings of a deployment', () => {
  it('are no inline pools, 30 s of cooldown and no instance roles where nothing is said', () => {
    expect(settings({})).toEqual({
      instanceRoles: [],
      clusters: {},
      inlinePools: false,
      inlinePoolCooldownSeconds: 30,
    });
  });

  it('are read from the command line, where all is text, as from cdk.json', () => {
    const clusters = { 'nodes-a': 'production', 'nodes-b': 'test' };
    const expected = {
      instanceRoles: ['nodes-a', 'nodes-b'],
      clusters,
      inlinePools: true,
      inlinePoolCooldownSeconds: 0,
    };
    const given = { instanceRoles: 'nodes-a, nodes-b,nodes-a', clusters: 'nodes-a=production, nodes-b=test' };
    expect(settings({ ...given, inlinePools: 'true', inlinePoolCooldownSeconds: '0' })).toEqual(expected);
    expect(settings({ ...given, inlinePools: true, inlinePoolCooldownSeconds: 0 })).toEqual(expected);
  });

  it.each([
    ['inlinePools', 'yes', 'Context value inlinePools is "yes": give true or false: -c inlinePools=true'],
    [
      'inlinePoolCooldownSeconds',
      '-1',
      'Context value inlinePoolCooldownSeconds is "-1": give whole seconds from 0 to 86400: -c inlinePoolCooldownSeconds=30',
    ],
    ['inlinePoolCooldownSeconds', '1.5', 'is "1.5": give whole seconds'],
    ['inlinePoolCooldownSeconds', '86401', 'is "86401": give whole seconds'],
    [
      'instanceRoles',
      'good,arn:aws:iam::123456789012:role/nodes',
      'Context value instanceRoles is "arn:aws:iam::123456789012:role/nodes": give role names without path or ARN: -c instanceRoles=nodes-a,nodes-b',
    ],
    [
      'clusters',
      'nodes-a',
      'Context value clusters is "nodes-a": give role=cluster pairs: -c clusters=nodes-a=production,nodes-b=test',
    ],
    ['clusters', 'a=x,a=y', 'give role a one cluster only'],
  ] as const)('refuse %s=%s and say what to give instead', (key, value, message) => {
    expect(() => settings({ [key]: value })).toThrow(message);
  });

  const keys = 'the keys are instanceRoles, clusters, inlinePools, inlinePoolCooldownSeconds';
  it.each([
    ['inlinePool', `Context key "inlinePool" is unknown: did you mean inlinePools? ${keys}`],
    ['inline-pools', `Context key "inline-pools" is unknown: did you mean inlinePools? ${keys}`],
    ['instanceRole', `Context key "instanceRole" is unknown: did you mean instanceRoles? ${keys}`],
    ['INLINEPOOLS', `Context key "INLINEPOOLS" is unknown: did you mean inlinePools? ${keys}`],
    ['colour', `Context key "colour" is unknown: ${keys}`],
    ['', `Context key "" is unknown: ${keys}`],
  ])('refuse the unknown key %j in one line, with what was meant', (key, message) => {
    expect(() => settingsFrom({ [key]: 'x' })).toThrow(expect.objectContaining({ message }));
  });

  it("let CDK's own keys be", () => {
    const own = {
      '@aws-cdk/core:newStyleStackSynthesis': true,
      'aws:cdk:bundling-stacks': [],
      'availability-zones:account=1:region=x': [],
      'cli-telemetry': false,
    };
    expect(settingsFrom(own)).toEqual(settings({}));
  });
});
