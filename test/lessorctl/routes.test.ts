/** Routes to the blocks of a pool: what is wanted, what differs from what there is, and how it is written. */
import { describe, expect, test } from 'vitest';
import type { BlockRow } from '../../core/contract/blocks.ts';
import { linesFor, presentIn } from '../../lessorctl/commands/route-lines.ts';
import { type NextHops, OWN, routesOf } from '../../lessorctl/commands/route-plan.ts';

const block = (index: number, state: BlockRow['state'], node?: string): BlockRow => ({
  ...{ block: String(index), state, generation: 1, ...(node && { node }) },
  prefixes: [`10.8.${index}.0/26`, `fd00:8:${index}::/122`],
  gateways: [`10.8.${index}.1`, `fd00:8:${index}::1`],
});
const blocks = [block(0, 'claimed', 'a'), block(1, 'claimed', 'b'), block(2, 'free'), block(3, 'releasing', 'b')];
const hops: NextHops = {
  to: (node, ipv6) => (node === 'a' ? OWN : ipv6 ? 'fd00::b' : '192.0.2.11'),
  nameOf: (node) => `name-of-${node}`,
  why: undefined,
};
const linux = (text?: string) =>
  linesFor('linux', routesOf(blocks, hops, text === undefined ? undefined : presentIn('linux', text, '')), '');

describe('Routes of a Linux node', () => {
  const all = [
    'route replace blackhole 10.8.0.0/26 metric 9999 proto 76',
    'route replace blackhole fd00:8:0::/122 metric 9999 proto 76',
    'route replace 10.8.1.0/26 via 192.0.2.11 proto 76',
    'route replace fd00:8:1::/122 via fd00::b proto 76',
  ];

  test('lead to the blocks of others, and end at its own', () => {
    expect(linux()).toEqual(all);
    expect(linux('')).toEqual(all);
    expect(linux('[ ]\n[ ]\n')).toEqual(all);
  });

  test('are written where they differ, and taken away where the block was given back', () => {
    const there = [
      [
        { type: 'blackhole', dst: '10.8.0.0/26', metric: 9999 },
        { dst: '10.8.1.0/26', gateway: '192.0.2.99' },
        { dst: '10.8.2.0/26', gateway: '192.0.2.12' },
        { dst: '10.77.0.0/26', gateway: '192.0.2.13' },
      ],
      [{ dst: 'fd00:8:3::/122', gateway: 'fd00::b' }],
    ];
    expect(linux(there.map((list) => `${JSON.stringify(list)}\n`).join(''))).toEqual([
      ...[all[1], all[2], all[3]],
      'route del 10.8.2.0/26 via 192.0.2.12 proto 76',
      'route del fd00:8:3::/122 via fd00::b proto 76',
    ]);
  });

  test('of other protocols count for nothing', () => {
    const kernel = { dst: '10.8.0.0/26', dev: 'cni0', protocol: 'kernel' };
    const bird = { dst: '10.8.2.0/26', gateway: '192.0.2.12', protocol: 'bird' };
    expect(linux(JSON.stringify([kernel, bird]))).toEqual(all);
  });

  test('that somebody made by hand, of which ip names no protocol, count for nothing beside others of which it does', () => {
    const kernel = { dst: '192.0.2.0/24', dev: 'eth0', protocol: 'kernel' };
    const byHand = { dst: '10.8.2.0/26', gateway: '192.0.2.12' };
    expect(linux(JSON.stringify([byHand, kernel]))).toEqual(all);
  });

  test('of a block that came here are taken away beside the new one, whose metric is another', () => {
    const old = { dst: '10.8.0.0/26', gateway: '192.0.2.11' };
    const own = { type: 'blackhole', dst: '10.8.0.0/26', metric: 9999 };
    const gone = 'route del 10.8.0.0/26 via 192.0.2.11 proto 76';
    expect(linux(JSON.stringify([old]))).toEqual([...all, gone]);
    expect(linux(JSON.stringify([old, own]))).toEqual([...all.slice(1), gone]);
  });

  test('of a block that left are taken away beside the new one, and then nothing is to be done', () => {
    const own = { type: 'blackhole', dst: '10.8.1.0/26', metric: 9999 };
    const there = { dst: '10.8.1.0/26', gateway: '192.0.2.11' };
    const gone = 'route del blackhole 10.8.1.0/26 metric 9999 proto 76';
    expect(linux(JSON.stringify([own]))).toEqual([...all, gone]);
    const rest = all.filter((line) => !line.includes('10.8.1.0'));
    expect(linux(JSON.stringify([there, own]))).toEqual([...rest, gone]);
    expect(linux(JSON.stringify([there]))).toEqual(rest);
  });

  test('of a block that was given back are all taken away', () => {
    const own = { type: 'blackhole', dst: '10.8.2.0/26', metric: 9999 };
    const hop = { dst: '10.8.2.0/26', gateway: '192.0.2.12' };
    expect(linux(JSON.stringify([hop, own]))).toEqual([
      ...all,
      'route del 10.8.2.0/26 via 192.0.2.12 proto 76',
      'route del blackhole 10.8.2.0/26 metric 9999 proto 76',
    ]);
  });
});

describe('Routes of a VPC', () => {
  const interfaces: NextHops = { ...hops, to: (node) => (node === 'a' ? 'eni-0a' : 'i-0b') };
  const aws = (Routes: object[]) => {
    const others = { RouteTableId: 'rtb-1', Routes: [{ DestinationCidrBlock: '10.8.0.0/26', InstanceId: 'i-0c' }] };
    const tables = [others, { RouteTableId: 'rtb-0', Routes }];
    const present = presentIn('aws', JSON.stringify({ RouteTables: tables }, undefined, 2), 'rtb-0');
    return linesFor('aws', routesOf(blocks, interfaces, present), 'rtb-0');
  };

  test('are made, replaced and deleted as they differ', () => {
    const there = [
      { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
      { DestinationCidrBlock: '10.8.0.0/26', NetworkInterfaceId: 'eni-0a', InstanceId: 'i-0a' },
      { DestinationCidrBlock: '10.8.1.0/26', NetworkInterfaceId: 'eni-0b', InstanceId: 'i-0b' },
      { DestinationIpv6CidrBlock: 'fd00:8:1::/122', NetworkInterfaceId: 'eni-0c', InstanceId: 'i-0c' },
      { DestinationCidrBlock: '10.8.2.0/26', NetworkInterfaceId: 'eni-0c', InstanceId: 'i-0c' },
      // Nobody's node: whoever made it knows why.
      { DestinationIpv6CidrBlock: 'fd00:8:2::/122', GatewayId: 'vgw-0' },
    ];
    expect(aws([])).toHaveLength(4);
    expect(aws(there)).toEqual([
      'aws ec2 create-route --route-table-id rtb-0 --destination-ipv6-cidr-block fd00:8:0::/122 --network-interface-id eni-0a',
      'aws ec2 replace-route --route-table-id rtb-0 --destination-ipv6-cidr-block fd00:8:1::/122 --instance-id i-0b',
      'aws ec2 delete-route --route-table-id rtb-0 --destination-cidr-block 10.8.2.0/26',
    ]);
  });
});

test.each(['linux', 'aws'] as const)('Lines for %s have prefixes only, whatever the service says', (target) => {
  const row = { ...block(0, 'claimed', 'b'), prefixes: ['10.8.0.0/26; reboot'] };
  expect(() => linesFor(target, routesOf([row], hops, undefined), 'rtb-0')).toThrow('is no prefix');
});

test.each([
  ['linux', '{"dst": 1'],
  ['aws', '[]'],
  ['aws', '{"RouteTables": [{"RouteTableId": "rtb-1", "Routes": []}]}'],
] as const)('What is no list of routes of %s is refused', (target, text) => {
  expect(() => presentIn(target, text, 'rtb-0')).toThrow('--present holds no routes');
});
