import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operator } from '../../local/demo/operator.ts';
import { type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { ip, type NodeNetwork, prerequisites } from '../../local/nodes/node-network.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';
import { type InterfaceResult, linksIn, podInterface, withoutChance } from './pod-interface.ts';

const { missing } = prerequisites();

interface Kind {
  readonly type: string;
  /** Beside type, name and ipam; `pod` is 0 or 1. */
  fields(index: number, pod: number): Record<string, unknown>;
  /** Makes what the plugin needs on the node. */
  prepare?(node: string, index: number): void;
  /** Whether the gateway is on the node, so that it answers. */
  readonly gatewayAnswers: boolean;
  /** The link type that the kernel must have. */
  readonly needs?: string;
  /** A second DEL fails before it comes to the IPAM plugin, whichever that is. */
  readonly deletedOnce?: true;
}

/** Two ends of a cable, both plugged in. */
const cable = (node: string, a: string, b: string) => {
  ip('-n', node, 'link', 'add', a, 'type', 'veth', 'peer', 'name', b);
  for (const end of [a, b]) ip('-n', node, 'link', 'set', end, 'up');
};
const parent = (node: string, index: number) => cable(node, `up${index}`, `out${index}`);

const bridge: Kind = { type: 'bridge', fields: (i) => ({ bridge: `br${i}`, isGateway: true }), gatewayAnswers: true };
const kinds: Readonly<Record<string, Kind>> = {
  bridge,
  'bridge that masquerades': {
    ...bridge,
    fields: (i) => ({ bridge: `br${i}`, isGateway: true, hairpinMode: true, ipMasq: true, mtu: 1400 }),
  },
  ptp: { type: 'ptp', fields: () => ({}), gatewayAnswers: true },
  macvlan: {
    type: 'macvlan',
    fields: (i) => ({ master: `up${i}`, mode: 'bridge' }),
    prepare: parent,
    gatewayAnswers: false,
  },
  ipvlan: {
    type: 'ipvlan',
    fields: (i) => ({ master: `up${i}`, mode: 'l2' }),
    prepare: parent,
    gatewayAnswers: false,
    needs: 'ipvlan',
  },
  'host-device': {
    type: 'host-device',
    fields: (i, pod) => ({ device: `dev${i}-${pod}` }),
    prepare: (node, i) => cable(node, `dev${i}-0`, `dev${i}-1`),
    gatewayAnswers: false,
    deletedOnce: true,
  },
};
const versions = ['0.3.1', '0.4.0', '1.0.0'];
const cases = Object.entries(kinds).flatMap(([name, kind]) =>
  versions
    .filter((version) => version === '1.0.0' || name === 'bridge')
    .map((cniVersion) => ({ title: `${name} with cniVersion ${cniVersion}`, kind, cniVersion })),
);

/** Tried with a link, since the kernel's modules may be built in or loaded on demand. No package can add one that is not there. */
function kernelHas(node: string, type: string): boolean {
  const made = ['probe0', 'probe1'] as const;
  cable(node, ...made);
  try {
    ip('-n', node, 'link', 'add', 'probe', 'link', made[0], 'type', type);
    ip('-n', node, 'link', 'delete', 'probe');
    return true;
  } catch {
    return false;
  } finally {
    ip('-n', node, 'link', 'delete', made[0]);
  }
}

describe.runIf(available('Pods in network namespaces', missing))('pods of two range sets through', () => {
  let testBed: TestBed;
  let network: NodeNetwork;
  let directory: string;
  let operator: Operator;
  let node: string;
  let twin: string;
  let lessor: CniRuntime;
  let hostLocal: CniRuntime;

  beforeAll(async () => {
    testBed = await openTestBed();
    ({ operator, network, directory } = testBed);
    lessor = await testBed.addNode('node');
    node = lessor.namespace ?? '';
    twin = network.addPod('twin').namespace;
    hostLocal = { ...lessor, namespace: twin, environment: {} };
  });
  afterAll(async () => {
    await testBed?.close();
  });

  it.for(cases)('$title get what host-local gives them, reach each other, and give it back', async (one, { skip }) => {
    const { kind, cniVersion } = one;
    if (kind.needs !== undefined && !kernelHas(node, kind.needs)) {
      process.stderr.write(`${one.title}: skipped, since this kernel has no ${kind.needs}\n`);
      skip();
    }
    const index = cases.indexOf(one);
    const name = `delegated-${index}`;
    const [v4, v6] = [`10.${80 + index}.0`, `fd00:${80 + index}:`];
    const ipam = {
      ranges: [[{ subnet: `${v4}.0/24`, rangeStart: `${v4}.10` }], [{ subnet: `${v6}:/120`, rangeStart: `${v6}:a` }]],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }, { dst: '192.168.99.0/24', gw: `${v4}.1` }],
    };
    const configuration = (type: string, pod: number, rest: Record<string, unknown> = {}) => ({
      ...{ cniVersion, name, type: kind.type, ...kind.fields(index, pod), ...rest },
      ipam: { type, ...ipam, ...(type === 'host-local' ? { dataDir: join(directory, 'host-local') } : {}) },
    });
    for (const where of [node, twin]) kind.prepare?.(where, index);
    const added = async (pod: number) => {
      const { namespace, path } = network.addPod(`pod-${index}-${pod}`);
      const about = {
        containerId: namespace,
        ifname: 'eth0',
        netns: path,
        configuration: configuration('lessor', pod),
      };
      const answer = await callPlugin(lessor, { ...about, verb: 'ADD' });
      expect(answer, JSON.stringify(answer.output)).toMatchObject({ ok: true });
      const { ips } = answer.output as InterfaceResult;
      return { namespace, about, answer, addresses: ips.map(({ address }) => address) };
    };
    const pods = [await added(0), await added(1)] as const;

    for (const [pod, { namespace, answer, addresses }] of pods.entries()) {
      expect(addresses).toEqual([
        expect.stringMatching(new RegExp(`^${v4}\\.\\d+/24$`)),
        expect.stringMatching(new RegExp(`^${v6}:[0-9a-f]+/120$`)),
      ]);
      const seen = podInterface(namespace, 'eth0');
      expect(seen.addresses).toEqual(addresses);
      expect(seen.routes).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ dst: 'default', gateway: `${v4}.1` }),
          expect.objectContaining({ dst: 'default', gateway: `${v6}:1` }),
          expect.objectContaining({ dst: '192.168.99.0/24', gateway: `${v4}.1` }),
        ]),
      );

      const other = network.addPod(`twin-${index}-${pod}`);
      const ips = addresses.map((address) => address.split('/')[0]);
      const asked = configuration('host-local', pod, { args: { cni: { ips } } });
      const about = { containerId: other.namespace, ifname: 'eth0', netns: other.path, configuration: asked };
      const expected = await callPlugin(hostLocal, { ...about, verb: 'ADD' });
      expect(expected, JSON.stringify(expected.output)).toMatchObject({ ok: true });
      expect(withoutChance(answer.output)).toEqual(withoutChance(expected.output));
      expect(seen.details).toEqual(podInterface(other.namespace, 'eth0').details);
    }

    const [a, b] = pods;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const goals = to.addresses.map((address) => address.split('/')[0] ?? '');
      for (const goal of [...goals, ...(kind.gatewayAnswers ? [`${v4}.1`, `${v6}:1`] : [])])
        expect(network.reaches(from.namespace, goal), `${from.addresses[0]} reaches ${goal}`).toBe(true);
    }

    if (cniVersion !== '0.3.1')
      for (const { about, answer } of pods) {
        const configuration = { ...about.configuration, prevResult: answer.output };
        expect(await callPlugin(lessor, { ...about, configuration, verb: 'CHECK' })).toMatchObject({ ok: true });
      }

    const leases = async () => (await operator.ask('listLeases', { path: { pool: name } })).leases;
    const held = async () => (await leases()).filter(({ state }) => state === 'held');
    expect((await held()).map((lease) => lease.addresses).sort()).toEqual(pods.map((pod) => pod.addresses).sort());
    // A runtime repeats a DEL as often as it likes.
    for (const { about, namespace } of kind.deletedOnce ? pods : [...pods, a]) {
      expect(await callPlugin(lessor, { ...about, verb: 'DEL' })).toMatchObject({ ok: true, output: undefined });
      expect(linksIn(namespace)).not.toContain('eth0');
    }
    expect(await held()).toEqual([]);
  });

  it('a bridge that fails after it was given an address keeps none', async () => {
    const name = 'delegated-fails';
    const { namespace, path } = network.addPod(name);
    const answer = await callPlugin(lessor, {
      verb: 'ADD',
      containerId: namespace,
      ifname: 'eth0',
      netns: path,
      configuration: {
        ...{ cniVersion: '1.0.0', name, type: 'bridge', bridge: 'br-fails' },
        // It makes this route itself, and then once more.
        isDefaultGateway: true,
        ipam: { type: 'lessor', ranges: [[{ subnet: '10.79.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    });
    expect(answer).toMatchObject({ ok: false, output: { msg: expect.stringContaining('file exists') } });
    const { leases } = await operator.ask('listLeases', { path: { pool: name } });
    expect(leases).toMatchObject([{ state: 'cooling', attachment: { containerId: namespace } }]);
  });
});
