import { describe, expect, it } from 'vitest';
import type { DemoEvent } from '../../../local/demo/demo-event.ts';
import { demoNetwork } from '../../../local/demo/demo-network.ts';
import { story } from '../../../local/demo/story.ts';
import { screenOf } from '../../../local/screen.ts';

const nodes = [
  { name: 'node-a', id: 'i-0123456789abcdef0' },
  { name: 'node-b', id: 'i-0123456789abcdef1' },
];
const [a = '', b = ''] = nodes.map(({ id }) => id);
const pool = { ...demoNetwork.ipam, name: demoNetwork.name, cooldownSeconds: 30 };
const death = {
  node: b,
  incarnation: 1,
  reason: 'demonstration',
  declaredBy: 'user/operator',
  declaredAt: '2026-11-28T10:47:27.000Z',
  freed: 0,
};

function leases(...cooling: string[]): DemoEvent {
  const rows = [
    ['web-1', a, '151'],
    ['web-2', a, '152'],
    ['db-1', b, '176'],
  ].map(([name, node, host], slot) => ({
    slot: { block: 0, slot },
    addresses: [`10.244.1.${host}/16`],
    attachment: { network: pool.name, containerId: `${name}-abc`, ifname: 'eth0' },
    pod: { namespace: 'demo', name, uid: `uid-of-${name}` },
    node,
    ...(cooling.includes(String(name))
      ? { state: 'cooling', reusableAt: '2026-11-28T12:47:57.123+02:00' }
      : { state: 'held' }),
  }));
  return { step: 'leases', pool, capacity: '241', leases: rows } as unknown as DemoEvent;
}

const call = (pod: string, node: string, host: number, requests: number) => ({
  pod,
  node,
  address: `10.244.1.${host}`,
  ms: 108,
  requests,
});
const PAGE = `http://127.0.0.1:41234/?token=${'a'.repeat(32)}`;
const events: readonly DemoEvent[] = [
  { step: 'start', endpoint: 'http://127.0.0.1:8470', nodes, network: demoNetwork },
  { step: 'add', ...call('web-1', 'node-a', 151, 7), result: {} },
  { step: 'add', ...call('web-2', 'node-a', 152, 1), result: {} },
  { step: 'add', ...call('db-1', 'node-b', 176, 4), result: {} },
  { step: 'ping', from: 'web-1', to: 'db-1', address: '10.244.1.176', answers: true },
  { step: 'ping', from: 'db-1', to: 'web-1', address: '10.244.1.151', answers: true },
  leases(),
  { step: 'del', ...call('web-2', 'node-a', 152, 2) },
  leases('web-2'),
  { step: 'terminated', node: b, delayMs: 30_000, pace: 15 },
  { step: 'evidence', tookMs: 2_345, death: { ...death, freed: 1 } },
  leases('web-2', 'db-1'),
  {
    step: 'history',
    ...{ address: '10.244.1.176', vrf: 'default', pool: pool.name },
    leases: [
      {
        ...{ pool: pool.name, slot: { pool: 'p', block: '0', slot: 2 }, addresses: ['10.244.1.176/16'] },
        ...{ node: b, incarnation: 1, network: pool.name, ifname: 'eth0', pod: { namespace: 'demo', name: 'db-1' } },
        ...{ from: '2026-11-28T10:47:22.000Z', to: '2026-11-28T10:47:27.123Z' },
      },
    ],
    unknown: [{ from: '1970-01-01T00:00:00.000Z', to: '2026-11-28T10:47:22.000Z' }],
  },
  { step: 'end' },
  {
    step: 'ready',
    endpoint: 'http://127.0.0.1:8470',
    directory: '/tmp/lessor-run-4711-demo-AbCdEf',
    network: pool.name,
    console: PAGE,
  },
];

function told(columns: number, of: readonly DemoEvent[] = events): string[] {
  const lines: string[] = [];
  const tell = story(screenOf({ columns }), (line) => lines.push(...line.split('\n')));
  for (const event of of) tell(event);
  return lines;
}

describe('the story of the demonstration', () => {
  it('has a numbered chapter for each thing that happens', () => {
    expect(told(80).filter((line) => /^\d\. /.test(line))).toEqual([
      '1. A network is configured as for host-local; only "type" is changed',
      '2. Three pods start, and the plugin leases an address for each (CNI ADD)',
      '3. The pods ping each other',
      '4. The service knows who has which address',
      '5. Pod web-2 ends, and the plugin releases its address (CNI DEL)',
      '6. The instance of node-b is terminated, and EC2 says so',
      '7. Later somebody asks who had 10.244.1.176 (GET /v1/history/addresses)',
    ]);
  });

  it('says what each call cost, in words', () => {
    expect(told(80)).toContain('   web-2 on node-a  gets 10.244.1.152  108 ms, 1 request to DynamoDB');
    expect(told(80)).toContain('   db-1  on node-b  gets 10.244.1.176  108 ms, 4 requests to DynamoDB');
  });

  it('says how long the addresses of a terminated node took to come back, and what was made shorter for it', () => {
    const text = told(80).join(' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('The event waits in a queue, 30 s on AWS and 2 s here');
    expect(text).toContain('declared node-b dead and released 1 lease of it, 2.3 s after the event.');
  });

  it('shows the leases as a table, with times of a known zone', () => {
    expect(told(80)).toContain('   10.244.1.152  web-2  node-a  in cooldown until 10:47:57 UTC');
    expect(told(80)).toContain('   pool of 241 addresses: 1 leased, 2 in cooldown, 238 free');
  });

  it('shows who had an address, until when, and how it ended where a death ended it', () => {
    expect(told(80)).toContain('   db-1  node-b  10:47:22 UTC  10:47:27 UTC  EC2: node terminated');
    expect(told(80).join(' ')).toContain('before 10:47:22 UTC it says "unknown"');
    const ofAnotherLife = events.map((event) =>
      event.step === 'evidence' ? { ...event, death: { ...death, incarnation: 2 } } : event,
    );
    expect(told(80, ofAnotherLife)).toContain('   db-1  node-b  10:47:22 UTC  10:47:27 UTC');
  });

  it('has the address of the console, in a line of its own', () => {
    for (const columns of [50, 80]) expect(told(columns)).toContain(`   ${PAGE}`);
  });

  it('ends with one sentence that says what happened', () => {
    expect(told(80).join(' ')).toMatch(/In one sentence: three pods on two nodes .* a cooldown of 30 s is over\./);
  });

  it.each([50, 66, 80])('has no line that is longer than %d columns', (columns) => {
    // A folded address opens nothing.
    const long = told(columns).filter((line) => line.length > columns && line.trim() !== PAGE);
    expect(long).toEqual([]);
  });

  it('folds in 50 columns what a row has, and loses nothing of it', () => {
    const lines = told(50);
    const row = lines.indexOf('   10.244.1.152  web-2  node-a');
    expect(lines[row + 1]).toBe('     in cooldown until 10:47:57 UTC');
  });

  it('uses none of the words that only its writers know', () => {
    const text = told(80).join('\n');
    expect(text).not.toMatch(/incarnation|recount|cools|\bslot|fence|tombstone|undefined|NaN/i);
    expect(text).not.toContain('\x1b');
  });

  it('says what is missing where pods are left out', () => {
    const [start] = events as [Extract<DemoEvent, { step: 'start' }>];
    expect(told(80, [{ ...start, leftOut: 'root (sudo)' }]).join(' ')).toContain(
      'Pods are left out, the plugin runs alone: network namespaces need root (sudo).',
    );
  });

  it('says in red which ping has no answer', () => {
    const ping: DemoEvent = { step: 'ping', from: 'web-1', to: 'db-1', address: '10.244.1.176', answers: false };
    expect(told(80, [ping]).at(-1)).toMatch(/web-1 → db-1 +10\.244\.1\.176 +no answer/);
  });
});
