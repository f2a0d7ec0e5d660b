/** Prometheus itself scrapes the compiled agent of a node, with the labels of the chart's PodMonitor: dashboard and alerts have something to show. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringifyYaml } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { addressOf, errorOf, eventually, type PluginNode, pluginNode } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { alerts, dashboard, RULES } from './expressions.ts';
import { missingTools, PROMETHEUS } from './tools.ts';

/** What nothing here causes: lost leases, an outage, containers that end without a DEL, an agent that is down, or one with Kubernetes. */
const WITHOUT_CAUSE = [
  ...['Lost leases, by node', 'What the agents freed', 'Told afterwards', 'Agents that do not answer'],
  ...['Nodes without addresses', 'Events'],
];

/** The node has one block of four, of which the service gives every address. */
const ranges = [[{ subnet: '10.79.0.0/16', rangeStart: '10.79.1.0', rangeEnd: '10.79.1.3', gateway: '10.79.0.1' }]];
const configuration = { ...demoNetwork, ipam: { ...demoNetwork.ipam, ranges } };
const CONTAINERS = ['a', 'b', 'c', 'd'];

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

describe.skipIf(!available('Prometheus', missingTools(PROMETHEUS), 'may be missing'))('Prometheus', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const processes: ChildProcess[] = [];
  let stack: LocalStack;
  let node: PluginNode;
  let address: string;
  let plugin: string;

  /** @returns what `found` finds in a line of what it prints */
  async function started<T>(command: string, argv: string[], found: (line: string) => T | undefined): Promise<T> {
    const child = spawn(command, argv, { env: { PATH: process.env.PATH ?? '', ...node.environment }, stdio: 'pipe' });
    processes.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.setMaxListeners(0);
    return await new Promise<T>((done, failed) => {
      const said: string[] = [];
      child.once('exit', () => failed(new Error(`${command} ended: ${said.slice(-5).join('\n')}`)));
      for (const input of [child.stdout, child.stderr])
        createInterface({ input }).on('line', (line) => {
          said.push(line);
          const it = found(line);
          if (it !== undefined) done(it);
        });
    });
  }

  const call = (verb: 'ADD' | 'DEL', containerId: string) =>
    callPlugin(
      { plugin, cniDirectory: undefined, namespace: undefined, environment: node.environment },
      { verb, containerId, ifname: 'eth0', netns: `/var/run/netns/${containerId}`, configuration },
    );
  const ask = async <T>(path: string, query: Record<string, string> = {}): Promise<T> => {
    const response = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query)}`);
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${error}`);
    return data;
  };
  const asked = async (expr: string): Promise<Series[]> =>
    (await ask<{ result: Series[] }>('query', { query: expr })).result;
  /** As Grafana sends it for the last minute. */
  const atOnce = (expr: string) =>
    expr
      .replaceAll('$node', 'worker-1')
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$__range', '1m')
      .replaceAll('[1h]', '[1m]');

  beforeAll(async () => {
    plugin = (await buildPlugin()).path;
    stack = await startStack();
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const about = { affinity: 'node', blockSize: 4, cooldownSeconds: 0, ranges } as const;
    await operator.ask('createPool', { body: { name: demoNetwork.name, ...about } });
    const [identity] = stack.nodes;
    if (identity === undefined) throw new Error('the stack has no node');
    node = await pluginNode(stack, identity);
    const config = node.environment.LESSOR_CONFIG ?? '';
    const agent = await started(
      plugin,
      ['agent', '--config', config, '--listen', '127.0.0.1:0', '--name', 'worker-1'],
      (line) => {
        const { message, listen } = JSON.parse(line) as { message?: string; listen?: string };
        return message === 'the agent runs' ? listen : undefined;
      },
    );
    const settings = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: [{ job_name: 'lessor', static_configs: [{ targets: [agent], labels: { node: 'worker-1' } }] }],
    };
    writeFileSync(join(directory, 'prometheus.yaml'), stringifyYaml(settings));
    const flags = [
      '--config.file',
      'prometheus.yaml',
      '--storage.tsdb.path',
      'data',
      '--web.listen-address',
      '127.0.0.1:0',
    ];
    address = await started(
      'sh',
      ['-c', `cd ${directory} && exec ${PROMETHEUS} "$@"`, 'sh', ...flags],
      (line) => /msg="Listening on" address=(\S+)/.exec(line)?.[1],
    );
    await eventually(async () => ((await fetch(`http://${address}/-/ready`)).ok ? true : undefined));
    // Before anything happens the figures of nothing are read: a rate sees what comes after them.
    await eventually(async () => (await asked('count(lessor_api_reachable == 1)'))[0]);
  });
  afterAll(async () => {
    for (const child of processes) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    node?.remove();
    await stack?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('reads what happens on the node: each panel shows it, and the alert of a full pool fires', async () => {
    for (const container of CONTAINERS) addressOf(await call('ADD', container));
    expect(errorOf(await call('ADD', 'one-too-many')).code).toBe(101);
    for (const ended of ['a', 'one-too-many']) expect(await call('DEL', ended)).toMatchObject({ ok: true });

    const shown = dashboard().panels.filter(
      ({ targets, title }) => targets !== undefined && !WITHOUT_CAUSE.includes(title),
    );
    expect(shown.length).toBeGreaterThan(18);
    const empty = async () => {
      const found: string[] = [];
      for (const { title, targets = [] } of shown)
        for (const { expr } of targets)
          if (!(await asked(atOnce(expr))).some(({ value: [, text] }) => text !== 'NaN'))
            found.push(`${title}: ${expr}`);
      return found;
    };
    await expect.poll(empty, { timeout: 30_000, interval: 500 }).toEqual([]);

    const value = async (expr: string) => Number((await asked(atOnce(expr)))[0]?.value[1]);
    const panel = (name: string) => shown.find(({ title }) => title === name)?.targets?.[0]?.expr ?? '';
    await expect.poll(() => value(panel('Leases, by network')), { timeout: 20_000 }).toBe(CONTAINERS.length - 1);
    expect(await value(panel('Agents that answer'))).toBe(1);
    expect(await value(panel('Lost leases'))).toBe(0);
    expect((await asked(atOnce(panel('Refused ADDs, by code')))).map(({ metric }) => metric)).toEqual([
      { code: '101' },
    ]);

    const firing = () => ask<{ alerts: { labels: { alertname: string }; state: string }[] }>('alerts');
    const names = await eventually(async () => {
      const all = (await firing()).alerts.filter(({ state }) => state === 'firing');
      return all.length > 0 ? all.map(({ labels }) => labels.alertname) : undefined;
    });
    expect(names).toEqual(['LessorPoolExhausted']);
  });

  it('evaluates each alert without a fault', async () => {
    const { groups } = await ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
      'rules',
    );
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name).sort()).toEqual(
      alerts()
        .map(({ alert }) => alert)
        .sort(),
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });
});
