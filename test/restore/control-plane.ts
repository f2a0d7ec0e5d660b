/**
 * What no AWS on this machine does: backups and point-in-time recovery of DynamoDB, stages of API Gateway whose throttle is changed,
 * outputs of a stack. One endpoint for all of it. Tables are DynamoDB Local's: what it knows is passed on to it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from '../../local/aws/dynamodb-request.ts';
import { close, listen, portOf } from '../../local/aws/loopback-server.ts';

type Json = Record<string, unknown>;
interface Snapshot {
  readonly at: number;
  /** By table. */
  readonly items: ReadonlyMap<string, readonly Json[]>;
}
interface Settings {
  ThrottlingRateLimit?: number;
  ThrottlingBurstLimit?: number;
}

export interface ControlPlane {
  readonly endpoint: string;
  /** The stage of the HTTP API, as it is now. */
  readonly http: { DefaultRouteSettings: Settings; RouteSettings: Record<string, Settings> };
  /** Of the REST API: by path and method, as API Gateway spells them. */
  readonly rest: { methodSettings: Record<string, { throttlingRateLimit: number; throttlingBurstLimit: number }> };
  /** Of the stack. */
  readonly outputs: Record<string, string>;
  /** Changes that were asked for, in their order: `RestoreTableToPointInTime Leases-at-…`. */
  readonly changes: string[];
  /** Looks at a restored table until it is there; 0 if left out. */
  looksUntilReady: number;
  /** Refuses such a request once. */
  refuseOnce(operation: string, code: string): void;
  /** Keeps what the tables have now: a restore to this time or a later one finds it. */
  remember(): Promise<void>;
  stop(): Promise<void>;
}

/** @param tables with point-in-time recovery @param now milliseconds */
export async function controlPlane(
  dynamodb: string,
  tables: readonly string[],
  now: () => number,
): Promise<ControlPlane> {
  const server = await listen(0);
  const snapshots: Snapshot[] = [];
  const refusals = new Map<string, string>();
  const overlays = new Map<string, Json>();
  const recovered = new Set(tables);
  const backups: { BackupName: string; BackupArn: string; TableName: string; at: number; items: readonly Json[] }[] =
    [];
  const plane: ControlPlane = {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    http: { DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 }, RouteSettings: {} },
    rest: { methodSettings: { '*/*': { throttlingRateLimit: 2000, throttlingBurstLimit: 1000 } } },
    outputs: {},
    changes: [],
    looksUntilReady: 0,
    refuseOnce: (operation, code) => void refusals.set(operation, code),
    async remember() {
      const kept = await Promise.all(tables.map(async (table) => [table, await itemsOf(table)] as const));
      snapshots.push({ at: now(), items: new Map(kept) });
    },
    stop: () => close(server),
  };
  const ask = async (operation: string, body: Json) =>
    (await request(dynamodb, `DynamoDB_20120810.${operation}`, body)) as Json;

  async function itemsOf(TableName: string): Promise<Json[]> {
    const { Items = [], LastEvaluatedKey } = (await ask('Scan', { TableName })) as {
      Items?: Json[];
      LastEvaluatedKey?: Json;
    };
    if (LastEvaluatedKey !== undefined) throw new Error(`${TableName} has more than one page`);
    return Items;
  }

  async function restored(source: string, target: string, items: readonly Json[], summary: Json): Promise<Json> {
    const { Table } = (await ask('DescribeTable', { TableName: source })) as { Table: Json };
    const { KeySchema, AttributeDefinitions } = Table;
    await ask('CreateTable', { TableName: target, KeySchema, AttributeDefinitions, BillingMode: 'PAY_PER_REQUEST' });
    for (const Item of items) await ask('PutItem', { TableName: target, Item });
    overlays.set(target, { RestoreSummary: { RestoreInProgress: true, ...summary }, looks: plane.looksUntilReady });
    return { TableDescription: { TableName: target, TableStatus: 'CREATING' } };
  }

  const operations: Record<string, (body: never) => Promise<Json>> = {
    async DescribeTable(body: Json) {
      const { Table } = (await ask('DescribeTable', body)) as { Table: Json };
      const { looks = 0, ...overlay } = (overlays.get(String(body.TableName)) ?? {}) as { looks?: number };
      overlays.set(String(body.TableName), { ...overlay, looks: Math.max(0, looks - 1) });
      return { Table: { ...Table, ...overlay, ...(looks > 0 ? { TableStatus: 'CREATING' } : {}) } };
    },
    async UpdateTable({ DeletionProtectionEnabled, ...body }: Json) {
      const name = String(body.TableName);
      if (DeletionProtectionEnabled !== undefined)
        overlays.set(name, { ...overlays.get(name), DeletionProtectionEnabled });
      return body.StreamSpecification === undefined ? {} : ask('UpdateTable', body);
    },
    async DescribeContinuousBackups({ TableName }: { TableName: string }) {
      const isOn = recovered.has(TableName);
      const span = { EarliestRestorableDateTime: (now() - 86_400_000) / 1000, LatestRestorableDateTime: now() / 1000 };
      const said = { PointInTimeRecoveryStatus: isOn ? 'ENABLED' : 'DISABLED', ...(isOn ? span : {}) };
      return {
        ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: said },
      };
    },
    async UpdateContinuousBackups({ TableName }: { TableName: string }) {
      recovered.add(TableName);
      return {};
    },
    async CreateBackup({ TableName, BackupName }: { TableName: string; BackupName: string }) {
      const BackupArn = `arn:aws:dynamodb:us-east-1:123456789012:table/${TableName}/backup/${backups.length}`;
      const one = { BackupName, BackupArn, TableName, at: now(), items: await itemsOf(TableName) };
      backups.push(one);
      return { BackupDetails: summaryOf(one) };
    },
    ListBackups: async ({ TableName }: { TableName: string }) => ({
      BackupSummaries: backups.filter((one) => one.TableName === TableName).map(summaryOf),
    }),
    async RestoreTableFromBackup({ BackupArn, TargetTableName }: { BackupArn: string; TargetTableName: string }) {
      const one = backups.find((each) => each.BackupArn === BackupArn);
      if (one === undefined) throw new Error(`no backup ${BackupArn}`);
      const summary = { SourceBackupArn: BackupArn, RestoreDateTime: one.at / 1000 };
      return restored(one.TableName, TargetTableName, one.items, summary);
    },
    async RestoreTableToPointInTime(body: {
      SourceTableName: string;
      TargetTableName: string;
      RestoreDateTime: number;
    }) {
      const { SourceTableName: source, TargetTableName: target, RestoreDateTime } = body;
      const snapshot = snapshots.filter(({ at }) => at <= RestoreDateTime * 1000).at(-1);
      const items = snapshot?.items.get(source);
      if (items === undefined) throw new Error(`nothing of ${source} is remembered at ${RestoreDateTime}`);
      return restored(source, target, items, { RestoreDateTime });
    },
  };

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(incoming);
    const reply = (status: number, body: string | Json, more: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...more })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    const operation = String(incoming.headers['x-amz-target'] ?? '').split('.')[1];
    if (operation === undefined) return void other(plane, incoming, text, reply);
    const refusal = refusals.get(operation);
    refusals.delete(operation);
    if (refusal !== undefined)
      return void reply(400, { __type: `com.amazonaws.dynamodb.v20120810#${refusal}`, message: 'once' });
    if (/^(Restore|CreateBackup|Update(Table|Continuous))/.test(operation)) {
      const { TargetTableName, TableName } = JSON.parse(text) as { TargetTableName?: string; TableName?: string };
      plane.changes.push(`${operation} ${TargetTableName ?? TableName}`);
    }
    const own = operations[operation];
    if (own !== undefined && operation !== 'DescribeTable')
      return void reply(200, await own(JSON.parse(text) as never));
    if (own !== undefined && (await isThere(JSON.parse(text))))
      return void reply(200, await own(JSON.parse(text) as never));
    const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers;
    const passed = await fetch(dynamodb, { method: 'POST', body: text, headers: headers as Record<string, string> });
    reply(passed.status, await passed.text(), { 'x-amzn-requestid': 'passed-on' });
  }
  const isThere = ({ TableName }: { TableName: string }) =>
    ask('DescribeTable', { TableName }).then(
      () => true,
      () => false,
    );
  server.on('request', (incoming, response) => {
    answer(incoming, response).catch((error: Error) =>
      response.writeHead(500).end(JSON.stringify({ message: error.stack })),
    );
  });
  return plane;
}

const summaryOf = ({ at, items: _, ...one }: { at: number; items: readonly Json[] } & Json): Json => ({
  ...one,
  BackupCreationDateTime: at / 1000,
  BackupStatus: 'AVAILABLE',
  BackupType: 'USER',
});

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of incoming.setEncoding('utf8')) text += piece;
  return text;
}

type Reply = (status: number, body: string | Json, more?: Record<string, string>) => unknown;

/** API Gateway by its paths; CloudFormation is asked by a form. */
function other(plane: ControlPlane, { method, url = '' }: IncomingMessage, text: string, reply: Reply): unknown {
  const path = decodeURIComponent(url.split('?')[0] ?? '');
  if (path.startsWith('/v2/apis/')) return httpStage(plane, String(method), path, text, reply);
  if (path.startsWith('/restapis/')) return restStage(plane, String(method), path, text, reply);
  const outputs = Object.entries(plane.outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return reply(
    200,
    `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
<StackName>Lessor</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>
<Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    { 'content-type': 'text/xml' },
  );
}

function httpStage({ http, changes }: ControlPlane, method: string, path: string, text: string, reply: Reply): unknown {
  const route = path.split('/routesettings/')[1];
  if (method === 'DELETE' && route !== undefined) {
    changes.push(`DeleteRouteSettings ${route}`);
    delete http.RouteSettings[route];
    return reply(204, '');
  }
  if (method === 'PATCH') {
    changes.push('UpdateStage');
    const { defaultRouteSettings, routeSettings } = JSON.parse(text) as Record<string, never>;
    if (defaultRouteSettings) http.DefaultRouteSettings = upper(defaultRouteSettings);
    if (routeSettings)
      http.RouteSettings = Object.fromEntries(
        Object.entries(routeSettings).map(([key, one]) => [key, upper(one as Json)]),
      );
  }
  const { DefaultRouteSettings, RouteSettings } = http;
  const routes = Object.fromEntries(Object.entries(RouteSettings).map(([key, one]) => [key, lower(one)]));
  return reply(200, {
    stageName: '$default',
    defaultRouteSettings: lower(DefaultRouteSettings),
    routeSettings: routes,
  });
}

const withFirst = (change: (letter: string) => string) => (settings: object) =>
  Object.fromEntries(Object.entries(settings).map(([key, one]) => [`${change(key.charAt(0))}${key.slice(1)}`, one]));
const upper = withFirst((letter) => letter.toUpperCase()) as (settings: object) => Settings;
const lower = withFirst((letter) => letter.toLowerCase());

function restStage({ rest, changes }: ControlPlane, method: string, path: string, text: string, reply: Reply): unknown {
  if (method === 'PATCH') {
    changes.push(`UpdateStage ${path.split('/').at(-1)}`);
    const { patchOperations } = JSON.parse(text) as { patchOperations: { op: string; path: string; value?: string }[] };
    for (const { op, path: pointer, value } of patchOperations) {
      const [, resource = '', verb, , field] = pointer.split('/');
      // As GetStage has it.
      const key = `${resource.replaceAll('~1', '/').replace(/^\//, '')}/${verb}`;
      if (op === 'remove') delete rest.methodSettings[key];
      else {
        const setting = rest.methodSettings[key] ?? { throttlingRateLimit: 10_000, throttlingBurstLimit: 5_000 };
        rest.methodSettings[key] = {
          ...setting,
          [field === 'rateLimit' ? 'throttlingRateLimit' : 'throttlingBurstLimit']: Number(value),
        };
      }
    }
  }
  return reply(200, { stageName: 'lessor', methodSettings: rest.methodSettings });
}
