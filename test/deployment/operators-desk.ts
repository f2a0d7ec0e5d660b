/** Where an operator types lessorctl, against ministack; and the node, on which its command is run. */
import { execFile } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { control, signAs } from '../lessorctl/control.ts';
import { STACK } from './assembly.ts';
import type { Account, Deployment } from './deployment.ts';

/** As docs/restore.md lists them. */
const RIGHTS = {
  cloudformation: ['DescribeStacks'],
  dynamodb: [
    ...['DescribeTable', 'DescribeContinuousBackups', 'UpdateContinuousBackups', 'UpdateTable'],
    ...['RestoreTableToPointInTime', 'RestoreTableFromBackup', 'CreateBackup', 'ListBackups'],
    ...['Scan', 'Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'],
  ],
  apigateway: ['GET', 'PATCH', 'DELETE'],
};

export interface OperatorsDesk {
  readonly apiId: string;
  type(line: string, answers?: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What the last call said that is to be put into the settings. */
  settingsToPaste(): {
    readonly throttle: { readonly rate: number; readonly burst: number };
    readonly tables: { readonly pools: string; readonly leases: string; readonly leasesStreamArn: string };
  };
  runOnNode(command: string): Promise<void>;
  close(): Promise<void>;
}

export async function operatorsDesk(
  { aws, ministack, directory }: Account,
  deployed: Deployment,
): Promise<OperatorsDesk> {
  const Statement = Object.entries(RIGHTS).map(([service, actions]) => ({
    ...{ Effect: 'Allow', Resource: '*' },
    Action: actions.map((action) => `${service}:${action}`),
  }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await aws.ask('iam', 'PutRolePolicy', { RoleName: 'network-operators', PolicyName: 'restore', PolicyDocument });
  const { Stacks } = await aws.ask('cloudformation', 'DescribeStacks', { StackName: STACK });
  const outputs = Object.fromEntries(
    Stacks[0].Outputs.map((one: { OutputKey: string; OutputValue: string }) => [one.OutputKey, one.OutputValue]),
  ) as Record<string, string>;
  const apiId = outputs.ApiId ?? '';
  const wire = await withRouteSettings(ministack.plainEndpoint, () =>
    aws.ask('apigatewayv2', 'UpdateStage', { ApiId: apiId, StageName: '$default', RouteSettings: {} }),
  );
  signAs(deployed.operator as Required<Deployment['operator']>);
  vi.stubEnv('AWS_ENDPOINT_URL', wire.endpoint);
  const files: Record<string, string> = {};
  // Behind the service's, so that what a node says now is later than the opening, and ahead by what lessorctl waits.
  let clock = Date.now() - 30 * 60_000;
  let said = '';
  const node = deployed.client(deployed.node);
  const heartbeat = async () => {
    const { boot } = await deployed.client(deployed.operator).ask('readNode', { query: { node: deployed.node.name } });
    // A route of nodes, for which the client is not made.
    await node.send('heartbeat' as 'readPool', { body: { boot } } as never);
  };
  return {
    apiId,
    async type(line, answers = []) {
      let isHeard = false;
      const ran = await control(line, {
        ...{ files, answers, now: () => clock },
        env: {
          LESSOR_ENDPOINT: `${ministack.plainEndpoint}/_aws/execute-api/${apiId}`,
          LESSOR_STACK: STACK,
          AWS_REGION: ministack.region,
        },
        async onPause() {
          clock += 10_000;
          const isOpened = (files['lessor-restore.json'] ?? '').includes('openedAt');
          if (!isOpened || isHeard) return;
          isHeard = true;
          await heartbeat();
          clock = Date.now() + 3 * 60_000;
        },
      });
      said = ran.stdout;
      return ran;
    },
    settingsToPaste() {
      const field = (name: string) => new RegExp(`${name}: '([^']+)'`).exec(said)?.[1] ?? '';
      const tables = { pools: field('pools'), leases: field('leases'), leasesStreamArn: field('leasesStreamArn') };
      return { throttle: { rate: 0, burst: 0 }, tables };
    },
    async runOnNode(command) {
      const { path } = await buildPlugin();
      const env = {
        ...process.env,
        LESSOR_CONFIG: join(directory, 'node', 'node.json'),
        NODE_EXTRA_CA_CERTS: ministack.certificate,
      };
      await promisify(execFile)(path, [command, '--grace', '0'], { env });
    },
    close: wire.stop,
  };
}

/** ministack takes DeleteRouteSettings for DeleteStage: in its place the stage gets no settings of routes. All else is passed on. */
async function withRouteSettings(endpoint: string, clear: () => Promise<unknown>) {
  const { hostname, port } = new URL(endpoint);
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    if (method === 'DELETE' && url?.includes('/routesettings/')) {
      const done = () => void response.writeHead(204).end();
      clear().then(done, (error: Error) => void response.writeHead(500).end(error.message));
      return;
    }
    const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
