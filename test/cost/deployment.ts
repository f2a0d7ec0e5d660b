/** What of a deployment its bill depends on, as its template has it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app } from '../../infra/synthesize.ts';
import type { Resources } from '../infra/watched-metrics.ts';

export interface Deployment {
  readonly memoryMb: number;
  /** Of the event source of `changes`. */
  readonly window: number;
  readonly batch: number;
  readonly alarms: number;
  /** An ordinary request's line in the API's access log. */
  readonly accessLogBytes: number;
}

/** With the settings as they are where nothing is chosen. */
export function deployment(): Deployment {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-cost-'));
  try {
    app({ Lessor: { nodeRoles: { nodes: {} } } }, directory).synth();
    const { Resources } = JSON.parse(readFileSync(join(directory, 'Lessor.template.json'), 'utf8'));
    return readTemplate(Resources);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function readTemplate(resources: Resources): Deployment {
  const all = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);
  const one = (type: string) => all(type)[0]?.Properties;
  const mapping = one('AWS::Lambda::EventSourceMapping');
  return {
    memoryMb: one('AWS::Lambda::Function').MemorySize,
    window: mapping.MaximumBatchingWindowInSeconds ?? 0,
    batch: mapping.BatchSize,
    alarms: all('AWS::CloudWatch::Alarm').length,
    accessLogBytes: filledIn(one('AWS::ApiGatewayV2::Stage').AccessLogSettings.Format).length,
  };
}

const FIELDS: Readonly<Record<string, string>> = {
  requestId: 'JKJaXmPLvHcESHA=',
  requestTime: '09/Apr/2026:12:31:26 +0000',
  routeKey: 'POST /v1/leases',
  status: '200',
  'identity.userArn': 'arn:aws:sts::123456789012:assumed-role/my-node-role/i-0123456789abcdef0',
  'identity.sourceIp': '203.0.113.17',
  responseLatency: '14',
  'integration.error': '-',
  integrationErrorMessage: '-',
};

/** As API Gateway would write it. */
const filledIn = (format: string): string =>
  format.replaceAll(/\$context\.([\w.]*\w)/g, (_, name) => FIELDS[name] ?? name);
