/** Pools that an app declares: the resource, the function behind it and its rights. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import type * as z from 'zod/mini';
import type { poolInput } from '../../core/contract/pool.ts';
import { Lessor } from '../../infra/lessor.ts';
import type { DeclaredPool } from '../../infra/pool-props.ts';
import { LessorPool } from '../../infra/pools-resource.ts';
import { app } from '../../infra/synthesize.ts';

const directory = mkdtempSync(join(tmpdir(), 'lessor-pools-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;
const outdir = () => join(directory, String(count++));

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own.
  readonly Properties: any;
}
const resourcesOf = (root: App, stack: string): Record<string, Resource> =>
  JSON.parse(readFileSync(join(root.synth().directory, `${stack}.template.json`), 'utf8')).Resources;
const ofType = (resources: Record<string, Resource>, type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

const blue: DeclaredPool = { name: 'blue', ranges: [[{ subnet: '10.1.0.0/16' }]], cooldownSeconds: 5, default: true };
const declaring = (...pools: DeclaredPool[]) => app({ Lessor: { nodeRoles: 'none', pools } }, outdir());

describe('a declared pool', () => {
  const resources = resourcesOf(
    declaring(blue, { ...blue, vrf: 'red', removalPolicy: RemovalPolicy.RETAIN }),
    'Lessor',
  );
  const [[id, first], [, second]] = ofType(resources, 'Custom::LessorPool') as [[string, Resource], [string, Resource]];

  it('is a resource that has the pool as one text, so that numbers stay numbers', () => {
    const { ServiceToken, Pool, ...others } = first.Properties;
    expect(JSON.parse(Pool)).toEqual(blue);
    expect(others).toEqual({ Adopt: 'false', ServiceTimeout: '1200' });
    expect(resources[ServiceToken['Fn::GetAtt'][0]]?.Properties.FunctionName).toBe('Lessor-define-pools');
    expect(id).toMatch(/^Pooldefaultblue[0-9A-F]{8}$/);
  });

  it('is deleted with the stack where that is not said otherwise', () => {
    expect([first.DeletionPolicy, second.DeletionPolicy]).toEqual(['Delete', 'Retain']);
  });

  it('is made by a function that may do what the one of the operators may, and has time for large pools', () => {
    const rightsOf = (name: string) =>
      ofType(resources, 'AWS::IAM::Policy')
        .filter(([policy]) => policy.startsWith(name))
        .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
        .filter(({ Action }) => JSON.stringify(Action).includes('dynamodb:'))
        .map(({ Action, Resource: target }) => [Action, target]);
    const ofOperate = new Map(rightsOf('Operate').map(([actions, table]) => [JSON.stringify(table), [actions].flat()]));
    for (const [actions, table] of rightsOf('Definepools'))
      expect(ofOperate.get(JSON.stringify(table))).toEqual(expect.arrayContaining([actions].flat()));
    expect(rightsOf('Definepools')).toHaveLength(3);
    const [lambda] = ofType(resources, 'AWS::Lambda::Function').filter(([name]) => name.startsWith('Definepools'));
    expect(lambda?.[1].Properties.Timeout).toBe(900);
  });

  it('brings a function only where there is one', () => {
    const without = resourcesOf(app({ Lessor: { nodeRoles: 'none' } }, outdir()), 'Lessor');
    expect(Object.keys(without).filter((name) => /^Definepools/.test(name))).toEqual([]);
  });

  it('may be of another stack of the app than its Lessor, and its id can be used there', () => {
    const root = new App({ outdir: outdir(), analyticsReporting: false });
    const lessor = new Lessor(new Stack(root, 'Service'), 'Lessor', { nodeRoles: 'none' });
    const pools = new Stack(root, 'Pools');
    const { poolId } = new LessorPool(pools, 'Blue', { lessor, ...blue });
    const [[name, { Properties }]] = ofType(resourcesOf(root, 'Pools'), 'Custom::LessorPool') as [[string, Resource]];
    expect(pools.resolve(poolId)).toEqual({ 'Fn::GetAtt': [name, 'PoolId'] });
    expect(JSON.stringify(Properties.ServiceToken)).toContain('Service:ExportsOutput');
  });

  it('passes the rules of cdk-nag', () => {
    const root = declaring(blue);
    const found = [new AwsSolutionsChecks(root), new ServerlessChecks(root)].flatMap(
      (pack) => pack.validateScope(root).violations,
    );
    expect(found.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});

/** With everything in it that may be changed, as what is parsed is. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

describe('the fields of a declared pool', () => {
  it('are those of the contract, and what the template means by it', () => {
    type Fields = Plain<Required<Omit<DeclaredPool, 'adopt' | 'removalPolicy'>>>;
    expectTypeOf<keyof Fields>().toEqualTypeOf<keyof z.input<typeof poolInput>>();
    expectTypeOf<Plain<Omit<DeclaredPool, 'adopt' | 'removalPolicy'>>>().toExtend<z.input<typeof poolInput>>();
  });
});

describe('a declaration is refused when it is synthesized', () => {
  it.each<[string, object, string]>([
    ['with a field that there is not', { colour: 'red' }, 'Lessor/Pool default blue: has no field colour'],
    [
      'with a value that cannot be',
      { blockSize: 5 },
      'Lessor/Pool default blue.blockSize: must be a power of two, not 5',
    ],
    ['without ranges', { ranges: undefined }, 'Lessor/Pool default blue.ranges: is missing'],
    [
      'with a subnet that is none',
      { ranges: [[{ subnet: '10.1.0.0/33' }]] },
      'Lessor/Pool default blue: ranges[0][0].subnet "10.1.0.0/33" is not an address and a prefix length: write it like',
    ],
    [
      'with addresses that no pod can have',
      { ranges: [[{ subnet: '224.0.0.0/24' }]] },
      'Lessor/Pool default blue: ranges: 224.0.0.1-224.0.0.254 has addresses of 224.0.0.0/4',
    ],
    ['without a name', { name: undefined }, "Lessor.pools.0.name is missing: give the pool's name"],
    ['with a policy that there is not', { removalPolicy: 'snapshot' }, 'Lessor.pools.0.removalPolicy is "snapshot"'],
  ])('%s', (_, wrong, says) => {
    expect(() => declaring({ ...blue, ...wrong } as DeclaredPool)).toThrow(says);
  });

  it('of pools that would hand out the same addresses', () => {
    const green = { ...blue, name: 'green', ranges: [[{ subnet: '10.1.7.0/24' }]] };
    expect(() => declaring(blue, { ...green, vrf: 'red' })).not.toThrow();
    expect(() => declaring(blue, green)).toThrow(
      'of pool green overlaps range 10.1.0.1-10.1.255.254 of pool blue in VRF default: choose other ranges, or use pool blue',
    );
  });

  it('of the same pool twice', () => {
    expect(() => declaring(blue, blue)).toThrow('Lessor: pools has blue of VRF default twice: declare it once');
    const root = new Stack(new App({ outdir: outdir() }), 'S');
    const lessor = new Lessor(root, 'Lessor', { nodeRoles: 'none' });
    new LessorPool(root, 'One', { lessor, ...blue });
    const again = () => new LessorPool(root, 'Two', { lessor, ...blue });
    expect(again).toThrow('S/Two declares pool blue of VRF default, and so does S/One: declare it once');
  });
});
