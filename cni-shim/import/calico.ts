/**
 * What Calico wrote down: an IPAMBlock for each block, whose `allocations` name by ordinal which of its `attributes` has the address.
 * The handle is `<network>.<container id>` (projectcalico/calico, libcalico-go/lib/ipam/ipam_block.go, cni-plugin/pkg/ipamplugin).
 */
import { formatAddress, parsePrefix } from '../../core/addresses/address.ts';
import { isObject } from '../machine/json.ts';
import {
  isContainerId,
  isInterface,
  type Oddity,
  type OtherAllocation,
  podOf,
  together,
  type WrittenDown,
} from './allocation.ts';
import { type KubernetesObject, textIn } from './kubernetes-list.ts';

/** Addresses of a node's tunnels, and those that Windows keeps of each block. */
const OF_HOST = /^((ipip|vxlan|vxlan-v6|wireguard|wireguard-v6)-tunnel-addr-|windows-reserved-ipam-handle)/i;
/** An address of a service: of Calico's own load balancers. */
const OF_SERVICE = /^lb-[^.]+$/;
/** An address that stays with a virtual machine of KubeVirt's. */
const OF_MACHINE = /\.vmi\.[^.]+\./;
const OF_NODE = /^host:(.+)$/;

export const readCalico = (objects: readonly KubernetesObject[]): WrittenDown =>
  together(objects.filter(({ kind }) => kind === 'IPAMBlock').map(allocationsOf));

function allocationsOf({ name, spec }: KubernetesObject): WrittenDown {
  const [allocations, oddities]: [OtherAllocation[], Oddity[]] = [[], []];
  const block = parsePrefix(textIn(spec, 'cidr') ?? '');
  const ordinals = Array.isArray(spec.allocations) ? spec.allocations : [];
  if (block === undefined) {
    const why = `its cidr ${JSON.stringify(spec.cidr)} is none`;
    return { allocations, oddities: [{ from: `IPAMBlock ${name}`, kind: 'unreadable', why, address: undefined }] };
  }
  const attributes = Array.isArray(spec.attributes) ? spec.attributes : [];
  const [, owner] = OF_NODE.exec(textIn(spec, 'affinity') ?? '') ?? [];
  for (const [ordinal, index] of ordinals.entries()) {
    if (index === null || index === undefined) continue;
    const { family, value } = block.address;
    const address = formatAddress({ family, value: value + BigInt(ordinal) });
    const from = `IPAMBlock ${name}, address ${ordinal}`;
    const read = attributeOf(attributes[Number(index)]);
    if (read.kind !== 'container') {
      oddities.push({ from, address, ...read });
      continue;
    }
    const { containerId, ifname, pod, node, writtenAt } = read;
    const borrowedFrom = owner !== undefined && node !== undefined && owner !== node ? owner : undefined;
    allocations.push({
      ...{ address, containerId, ifname, pod, from, borrowedFrom, writtenAt },
      node: node ?? owner,
    });
  }
  return { allocations, oddities };
}

type Attribute =
  | ({ readonly kind: 'container' } & Pick<OtherAllocation, 'containerId' | 'ifname' | 'pod' | 'node' | 'writtenAt'>)
  | Pick<Oddity, 'kind' | 'why'>;

function attributeOf(attribute: unknown): Attribute {
  const { handle_id: handle, secondary } = isObject(attribute) ? attribute : {};
  const of = isObject(secondary) ? secondary : {};
  if (typeof handle !== 'string' || handle === '') return { kind: 'unreadable', why: 'it has no handle' };
  if (OF_HOST.test(handle)) return { kind: 'host', why: `it is an address of the host (${handle})` };
  if (OF_SERVICE.test(handle)) return { kind: 'host', why: `it is an address of a service (${handle})` };
  if (OF_MACHINE.test(handle))
    return { kind: 'unreadable', why: `it is kept for a virtual machine (${handle}), whichever its container is` };
  // Calico's own migration from host-local took the interface's name along.
  const [plain = '', ifname] = handle.split(/\r?\n/);
  const containerId = plain.slice(plain.lastIndexOf('.') + 1);
  if (!plain.includes('.') || !isContainerId(containerId))
    return { kind: 'unreadable', why: `its handle ${JSON.stringify(plain)} names no container` };
  return {
    ...{ kind: 'container', containerId },
    ifname: ifname !== undefined && isInterface(ifname) ? ifname : undefined,
    pod: podOf(`${textIn(of, 'namespace') ?? ''}/${textIn(of, 'pod') ?? ''}`),
    node: textIn(of, 'node'),
    writtenAt: timeOf(textIn(of, 'timestamp')),
  };
}

/** As Go writes a time in UTC, by the clock of the node on which the plugin ran. */
function timeOf(text: string | undefined): number | undefined {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? \+0000 UTC/.exec(text ?? '') ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}
