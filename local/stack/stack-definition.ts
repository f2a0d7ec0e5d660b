/** What the local stack is made of, read from a synthesized cloud assembly; nothing of it is written down a second time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangesDefinition } from '../aws/changes.ts';
import { matcherOf } from '../aws/event-pattern.ts';
import type { FunctionDefinition } from '../aws/function.ts';
import type { ApiDefinition } from '../aws/gateway.ts';
import type { Statement } from '../aws/policy.ts';
import type { TableDefinition } from '../aws/tables.ts';
import { apiIn, functionAt } from './api-definition.ts';
import type { CustomResourceDefinition } from './custom-resources.ts';
import { type EventsDefinition, eventsIn, functionNamed, isQueue, rulesWith } from './events-definition.ts';
import type { StackParameters } from './intrinsics.ts';
import type { ScheduleDefinition } from './schedules.ts';
import { statementsOf, type Template, type TemplateReader, templateReader } from './template-reader.ts';

export interface StackDefinition {
  readonly tables: readonly TableDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly api: ApiDefinition;
  readonly schedules: readonly ScheduleDefinition[];
  readonly changes: readonly ChangesDefinition[];
  readonly events: EventsDefinition;
  readonly customResources: readonly CustomResourceDefinition[];
  /** What the managed policies of the outputs NodePolicyArn and OperatorPolicyArn allow. */
  readonly policies: { readonly node: readonly Statement[]; readonly operator: readonly Statement[] };
}

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string } }>>;
}

/**
 * @param assembly directory of the cloud assembly
 * @throws Error that names the logical id and what cannot be understood
 */
export function readStack(assembly: string, surroundings: StackParameters): StackDefinition {
  const template: Template = readJson(join(assembly, `${surroundings.stack}.template.json`));
  const assets: AssetManifest = readJson(join(assembly, `${surroundings.stack}.assets.json`));
  return stackOf(template, assets, assembly, surroundings);
}

export function stackOf(
  template: Template,
  assets: AssetManifest,
  assembly: string,
  surroundings: StackParameters,
): StackDefinition {
  const reader = templateReader(template, surroundings);
  const bundleAt = (key: string): string | undefined => {
    const asset = assets.files[key];
    return asset && join(assembly, asset.source.path);
  };
  const functions = functionsIn(reader, bundleAt, surroundings.stack);
  const tables = tablesIn(reader);
  const changes = changesIn(reader, tables, functions);
  return {
    tables,
    functions,
    api: apiIn(reader, functions),
    schedules: schedulesIn(reader, functions),
    changes,
    events: eventsIn(reader, functions),
    customResources: customResourcesIn(reader, functions),
    policies: { node: reader.policyAt('NodePolicyArn'), operator: reader.policyAt('OperatorPolicyArn') },
  };
}

function functionsIn(
  reader: TemplateReader,
  bundleAt: (assetKey: string) => string | undefined,
  stack: string,
): FunctionDefinition[] {
  const policies = reader.list('AWS::IAM::Policy').map((policy) => ({
    roles: policy.value('Roles') as string[],
    statements: statementsOf(policy),
  }));
  return reader.list('AWS::Lambda::Function').map(({ id, text, value, raw }): FunctionDefinition => {
    const functionName = text('FunctionName');
    const roleArn = text('Role');
    const key = String((raw('Code') as { S3Key?: unknown } | undefined)?.S3Key).replace(/\.zip$/, '');
    const code = bundleAt(key);
    if (code === undefined) throw new Error(`${id}.Code names the asset ${key}, which is not in the asset manifest`);
    return {
      name: functionName.replace(`${stack}-`, ''),
      functionName,
      arn: reader.arnOf(id),
      code,
      handler: text('Handler'),
      environment: ((value('Environment') ?? {}) as { Variables?: Record<string, string> }).Variables ?? {},
      timeoutMs: Number(value('Timeout') ?? 3) * 1000,
      memoryMb: Number(value('MemorySize') ?? 128),
      roleArn,
      rights: policies
        .filter(({ roles }) => roles.some((role) => roleArn.endsWith(`role/${role}`)))
        .flatMap(({ statements }) => statements),
    };
  });
}

function tablesIn(reader: TemplateReader): TableDefinition[] {
  return reader.list('AWS::DynamoDB::GlobalTable').map(({ id, value }): TableDefinition => {
    const stream = (value('StreamSpecification') as { StreamViewType: string } | undefined)?.StreamViewType;
    return {
      name: reader.text({ Ref: id }, id),
      arn: reader.arnOf(id),
      keySchema: value('KeySchema') as TableDefinition['keySchema'],
      attributes: value('AttributeDefinitions') as TableDefinition['attributes'],
      ...(stream === undefined ? {} : { stream }),
    };
  });
}

function changesIn(
  reader: TemplateReader,
  tables: readonly TableDefinition[],
  functions: readonly FunctionDefinition[],
): ChangesDefinition[] {
  const mappings = reader
    .list('AWS::Lambda::EventSourceMapping')
    .filter(({ text }) => !isQueue(text('EventSourceArn')));
  return mappings.map(({ id, text, value }): ChangesDefinition => {
    const source = text('EventSourceArn');
    const table = tables.find(({ arn, stream }) => stream !== undefined && source.startsWith(`${arn}/stream/`));
    if (table === undefined) throw new Error(`${id}.EventSourceArn is ${source}, which is no table's stream`);
    if (text('StartingPosition') !== 'TRIM_HORIZON') throw new Error(`${id} has not StartingPosition TRIM_HORIZON`);
    const hasWindow = value('TumblingWindowInSeconds') !== undefined;
    // Of all changes of a table each is counted, for which their shard has to be known.
    if (!hasWindow && value('FilterCriteria') === undefined) throw new Error(`${id} has no TumblingWindowInSeconds`);
    const criteria = value('FilterCriteria') as { Filters: readonly { Pattern: string }[] } | undefined;
    const wanted = criteria?.Filters.map(({ Pattern }) => matcherOf(JSON.parse(Pattern), `${id}.FilterCriteria`));
    return {
      table: table.name,
      function: functionNamed(functions, text('FunctionName'), id),
      batchSize: Number(value('BatchSize') ?? 100),
      hasWindow,
      ...(wanted && { isTold: (record: unknown) => wanted.some((matches) => matches(record)) }),
    };
  });
}

function customResourcesIn(
  reader: TemplateReader,
  functions: readonly FunctionDefinition[],
): CustomResourceDefinition[] {
  const type = 'Custom::LessorPool';
  return reader.list(type).map(({ id, text, all }) => ({
    logicalId: id,
    type,
    function: functionAt(functions, text('ServiceToken'), id),
    properties: all(),
  }));
}

function schedulesIn(reader: TemplateReader, functions: readonly FunctionDefinition[]): ScheduleDefinition[] {
  return rulesWith(reader, 'ScheduleExpression').flatMap(({ id, text, value }) =>
    (value('Targets') as { Arn: string; Input: string }[]).map((target) => ({
      function: functionAt(functions, target.Arn, id),
      everyMs: rateOf(text('ScheduleExpression'), id),
      input: JSON.parse(target.Input),
    })),
  );
}

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
