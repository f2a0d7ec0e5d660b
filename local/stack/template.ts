/** What the local stack is made of, read from a synthesized cloud assembly; nothing of it is written down a second time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Statement } from '../aws/policy.ts';
import { type Resolve, type Resource, resolver, type Surroundings } from './intrinsics.ts';

export interface TableDefinition {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  /** `NEW_AND_OLD_IMAGES`; absent where the table has no stream. */
  readonly stream?: string;
}

/** A table whose changes a function is told. */
export interface ChangesDefinition {
  readonly table: string;
  readonly function: string;
  readonly batchSize: number;
}

export interface FunctionDefinition {
  /** `allocate` of `Lessor-allocate`. */
  readonly name: string;
  readonly functionName: string;
  readonly arn: string;
  /** Directory of the bundle. */
  readonly code: string;
  /** `<file without extension>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly roleArn: string;
  /** Everything that its role allows. */
  readonly rights: readonly Statement[];
}

export interface RouteDefinition {
  /** `POST /v1/leases` */
  readonly key: string;
  /** Name of the function that answers. */
  readonly function: string;
  /** After which the API no longer waits for it. */
  readonly timeoutMs: number;
}

export interface ScheduleDefinition {
  readonly function: string;
  readonly everyMs: number;
  readonly input: unknown;
}

export interface StackDefinition {
  readonly tables: readonly TableDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly api: { readonly id: string; readonly stage: string; readonly routes: readonly RouteDefinition[] };
  readonly schedules: readonly ScheduleDefinition[];
  readonly changes: readonly ChangesDefinition[];
  /** What the managed policies of the outputs NodePolicyArn and OperatorPolicyArn allow. */
  readonly policies: { readonly node: readonly Statement[]; readonly operator: readonly Statement[] };
}

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string } }>>;
}

/**
 * @param assembly directory of the cloud assembly
 * @throws Error that names the logical id and what cannot be understood
 */
export function readStack(assembly: string, surroundings: Surroundings): StackDefinition {
  const template: Template = readJson(join(assembly, `${surroundings.stack}.template.json`));
  const assets: AssetManifest = readJson(join(assembly, `${surroundings.stack}.assets.json`));
  return stackOf(template, assets, assembly, surroundings);
}

export function stackOf(
  template: Template,
  assets: AssetManifest,
  assembly: string,
  surroundings: Surroundings,
): StackDefinition {
  const reader = new Reader(template, resolver(template.Resources, surroundings));
  const arnOf = (id: string) => reader.text({ 'Fn::GetAtt': [id, 'Arn'] }, id);
  const statements = reader.list('AWS::IAM::Policy').map(({ id, value }) => ({
    roles: value('Roles') as string[],
    statements: statementsOf(value('PolicyDocument'), id),
  }));

  const functions = reader.list('AWS::Lambda::Function').map(({ id, text, value, raw }): FunctionDefinition => {
    const functionName = text('FunctionName');
    const roleArn = text('Role');
    const key = String((raw('Code') as { S3Key?: unknown } | undefined)?.S3Key).replace(/\.zip$/, '');
    const asset = assets.files[key];
    if (asset === undefined) throw new Error(`${id}.Code names the asset ${key}, which is not in the asset manifest`);
    return {
      name: functionName.replace(`${surroundings.stack}-`, ''),
      functionName,
      arn: arnOf(id),
      code: join(assembly, asset.source.path),
      handler: text('Handler'),
      environment: ((value('Environment') ?? {}) as { Variables?: Record<string, string> }).Variables ?? {},
      timeoutMs: Number(value('Timeout') ?? 3) * 1000,
      memoryMb: Number(value('MemorySize') ?? 128),
      roleArn,
      rights: statements
        .filter(({ roles }) => roles.some((role) => roleArn.endsWith(`role/${role}`)))
        .flatMap((p) => p.statements),
    };
  });
  const functionAt = (arn: string, where: string): string => {
    const found = functions.find((candidate) => candidate.arn === arn);
    if (found === undefined) throw new Error(`${where} leads to ${arn}, which is no function of the template`);
    return found.name;
  };

  const integrations = new Map<string, Omit<RouteDefinition, 'key'>>(
    reader.list('AWS::ApiGatewayV2::Integration').map(({ id, text, value }) => {
      if (text('PayloadFormatVersion') !== '2.0') throw new Error(`${id} has not PayloadFormatVersion 2.0`);
      const timeoutMs = Number(value('TimeoutInMillis') ?? HTTP_API_TIMEOUT_MS);
      return [`integrations/${id}`, { function: functionAt(text('IntegrationUri'), id), timeoutMs }] as const;
    }),
  );
  const routes = reader.list('AWS::ApiGatewayV2::Route').map(({ id, text }): RouteDefinition => {
    if (text('AuthorizationType') !== 'AWS_IAM') throw new Error(`${id} has not AuthorizationType AWS_IAM`);
    const target = integrations.get(text('Target'));
    if (target === undefined) throw new Error(`${id}.Target is ${text('Target')}, which is no integration`);
    return { key: text('RouteKey'), ...target };
  });
  const tables = reader.list('AWS::DynamoDB::GlobalTable').map(({ id, value }): TableDefinition => {
    const stream = (value('StreamSpecification') as { StreamViewType: string } | undefined)?.StreamViewType;
    return {
      name: reader.text({ Ref: id }, id),
      arn: arnOf(id),
      keySchema: value('KeySchema') as TableDefinition['keySchema'],
      attributes: value('AttributeDefinitions') as TableDefinition['attributes'],
      ...(stream === undefined ? {} : { stream }),
    };
  });
  const changes = reader.list('AWS::Lambda::EventSourceMapping').map(({ id, text, value }): ChangesDefinition => {
    const source = text('EventSourceArn');
    const table = tables.find(({ arn, stream }) => stream !== undefined && source.startsWith(`${arn}/stream/`));
    if (table === undefined) throw new Error(`${id}.EventSourceArn is ${source}, which is no table's stream`);
    if (text('StartingPosition') !== 'TRIM_HORIZON') throw new Error(`${id} has not StartingPosition TRIM_HORIZON`);
    if (value('TumblingWindowInSeconds') === undefined) throw new Error(`${id} has no TumblingWindowInSeconds`);
    const named = functions.find(({ functionName }) => functionName === text('FunctionName'));
    if (named === undefined) throw new Error(`${id}.FunctionName is ${text('FunctionName')}, which is no function`);
    return {
      table: table.name,
      function: named.name,
      batchSize: Number(value('BatchSize') ?? 100),
    };
  });
  const stage = reader.one('AWS::ApiGatewayV2::Stage');

  return {
    tables,
    functions,
    api: { id: stage.text('ApiId'), stage: stage.text('StageName'), routes },
    schedules: reader.list('AWS::Events::Rule').flatMap(({ id, text, value }) =>
      (value('Targets') as { Arn: string; Input: string }[]).map((target) => ({
        function: functionAt(target.Arn, id),
        everyMs: rateOf(text('ScheduleExpression'), id),
        input: JSON.parse(target.Input),
      })),
    ),
    changes,
    policies: { node: reader.policyAt('NodePolicyArn'), operator: reader.policyAt('OperatorPolicyArn') },
  };
}

/** API Gateway quotas for HTTP APIs: integration time-out. */
const HTTP_API_TIMEOUT_MS = 30_000;

interface Reading {
  readonly id: string;
  /** A property with its intrinsics resolved. */
  readonly value: (property: string) => unknown;
  readonly text: (property: string) => string;
  /** A property as it stands. */
  readonly raw: (property: string) => unknown;
}

class Reader {
  readonly #template: Template;
  readonly #resolve: Resolve;

  constructor(template: Template, resolve: Resolve) {
    this.#template = template;
    this.#resolve = resolve;
  }

  list(type: string): Reading[] {
    return Object.entries(this.#template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties = {} }]) => ({
        id,
        value: (property) => this.#resolve(Properties[property], `${id}.${property}`),
        text: (property) => this.text(Properties[property], `${id}.${property}`),
        raw: (property) => Properties[property],
      }));
  }

  one(type: string): Reading {
    const [first, ...others] = this.list(type);
    if (first === undefined || others.length > 0) throw new Error(`The template has not exactly one ${type}`);
    return first;
  }

  text(value: unknown, where: string): string {
    const resolved = this.#resolve(value, where);
    if (typeof resolved !== 'string') throw new Error(`${where} is ${JSON.stringify(resolved)} and not text`);
    return resolved;
  }

  policyAt(output: string): Statement[] {
    const arn = this.text(this.#template.Outputs?.[output]?.Value, `output ${output}`);
    const policy = this.list('AWS::IAM::ManagedPolicy').find(({ id }) => this.text({ Ref: id }, id) === arn);
    if (policy === undefined) throw new Error(`Output ${output} is ${arn}, which is no managed policy of the template`);
    return statementsOf(policy.value('PolicyDocument'), policy.id);
  }
}

function statementsOf(document: unknown, id: string): Statement[] {
  return (document as { Statement: Record<string, unknown>[] }).Statement.map((statement) => {
    const { Effect, Action, Resource, Sid: _, ...others } = statement;
    const [foreign] = Object.keys(others);
    if (foreign !== undefined) throw new Error(`${id} has a statement with ${foreign}, which is not evaluated here`);
    return { effect: Effect as Statement['effect'], actions: textList(Action), resources: textList(Resource) };
  });
}

const textList = (value: unknown): string[] => [value].flat().map(String);

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rateOf(expression: string, id: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const length = UNITS[unit];
  if (length === undefined)
    throw new Error(`${id}.ScheduleExpression is ${expression}: only rate(…) is understood here`);
  return Number(count) * length;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
