/** What other IPAMs write down, as their own sources and clusters have it. */

export interface Allocated {
  readonly address: string;
  readonly containerId: string;
  readonly node?: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly ifname?: string;
}

/** 64 hex digits, as containerd and CRI-O make them. */
export const containerOf = (number: number): string => number.toString(16).padStart(64, '0');

const number4 = (address: string): number => address.split('.').reduce((all, part) => all * 256 + Number(part), 0);
const text4 = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
export const addressAfter = (address: string, count: number): string => text4(number4(address) + count);

/** By name the text of each file of a network's directory. */
export const hostLocalFiles = (allocated: readonly Allocated[]): Record<string, string> => ({
  lock: '',
  'last_reserved_ip.0': allocated.at(-1)?.address ?? '',
  ...Object.fromEntries(
    allocated.map(({ address, containerId, ifname = 'eth0' }) => [address, `${containerId}\r\n${ifname}`]),
  ),
});

/** One pool. @param range as whereabouts has it: allocations go by the offset from its address */
export const ippool = (range: string, allocated: readonly Allocated[], name = range.replace('/', '-')) => ({
  apiVersion: 'whereabouts.cni.cncf.io/v1alpha1',
  kind: 'IPPool',
  metadata: { name, namespace: 'kube-system' },
  spec: {
    range,
    allocations: Object.fromEntries(
      allocated.map(({ address, containerId, pod, ifname }) => [
        String(number4(address) - number4(range.split('/')[0] ?? '')),
        {
          id: containerId,
          ...(pod === undefined ? {} : { podref: `${pod.namespace}/${pod.name}` }),
          ...(ifname === undefined ? {} : { ifname }),
        },
      ]),
    ),
  },
});

/** Blocks of 64 with all that is allocated, each affine to the node of its first allocation. */
export function ipamBlocks(allocated: readonly Allocated[], network = 'k8s-pod-network') {
  const blocks = new Map<string, Allocated[]>();
  for (const one of allocated) {
    const block = text4(number4(one.address) - (number4(one.address) % 64));
    blocks.set(block, [...(blocks.get(block) ?? []), one]);
  }
  return [...blocks].map(([block, some]) => {
    const at = new Map(some.map((one, index) => [number4(one.address) % 64, index]));
    return {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'IPAMBlock',
      metadata: { name: `${block.replaceAll('.', '-')}-26` },
      spec: {
        affinity: `host:${some[0]?.node}`,
        allocations: Array.from({ length: 64 }, (_, place) => at.get(place) ?? null),
        attributes: some.map(({ containerId, node, pod }) => ({
          handle_id: `${network}.${containerId}`,
          secondary: {
            ...(pod === undefined ? {} : { namespace: pod.namespace, pod: pod.name }),
            node,
            timestamp: '2026-01-01 00:00:00.000000001 +0000 UTC',
          },
        })),
        cidr: `${block}/26`,
        deleted: false,
        strictAffinity: false,
        unallocated: Array.from({ length: 64 }, (_, place) => place).filter((place) => !at.has(place)),
      },
    };
  });
}

/** A pod that runs on a node. */
export const podObject = ({ address, pod, node, ifname }: Allocated) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...pod,
    uid: `uid-${pod?.name}`,
    ...(ifname === undefined
      ? {}
      : {
          annotations: {
            'k8s.v1.cni.cncf.io/network-status': JSON.stringify([
              { name: 'other', interface: 'eth0', ips: ['192.0.2.9'], default: true },
              { name: 'net', interface: ifname, ips: [address] },
            ]),
          },
        }),
  },
  spec: { nodeName: node },
  status: { phase: 'Running', podIPs: ifname === undefined ? [{ ip: address }] : [] },
});

export const listOf = (...items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

export const crictlPods = (allocated: readonly Allocated[]): string =>
  JSON.stringify({
    items: allocated.map(({ containerId, pod }) => ({
      id: containerId,
      metadata: { ...pod, uid: `uid-${pod?.name}`, attempt: 0 },
      state: 'SANDBOX_READY',
      createdAt: '1767225600000000000',
    })),
  });
