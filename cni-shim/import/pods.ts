/** The cluster's pods, as `kubectl get pods -o json` writes them. */
import type { Pod } from '../../core/contract/ids.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { addressText, isInterface } from './allocation.ts';
import { type KubernetesObject, textIn } from './kubernetes-list.ts';

/** A pod with one of its addresses, or with none. */
export interface ListedPod {
  /** `namespace/name` */
  readonly name: string;
  readonly pod: Pod;
  /** Undefined before it is scheduled. In lower case, as Kubernetes has it. */
  readonly node: string | undefined;
  /** Of the interface with the address, where that is known. */
  readonly ifname: string | undefined;
}

export interface PodList {
  /** Undefined where no pod has it, or several say so. */
  withAddress(address: string): ListedPod | undefined;
  named(name: string): ListedPod | undefined;
}

/** What Multus, and Calico, note of a pod. */
const NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';
const CALICO_ADDRESSES = ['cni.projectcalico.org/podIPs', 'cni.projectcalico.org/podIP'];

/** Undefined where there is none among the objects. */
export function podsAmong(objects: readonly KubernetesObject[]): PodList | undefined {
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  if (pods.length === 0) return undefined;
  const byName = new Map<string, ListedPod>();
  const byAddress = new Map<string, ListedPod | undefined>();
  for (const one of pods) {
    const { name, metadata, spec, status } = one;
    const [namespace, podName, uid] = ['namespace', 'name', 'uid'].map((field) => textIn(metadata, field));
    if (namespace === undefined || podName === undefined) continue;
    const pod = { namespace, name: podName, ...(uid === undefined ? {} : { uid }) };
    const listed = { name, pod, node: textIn(spec, 'nodeName')?.toLowerCase(), ifname: undefined };
    byName.set(name, listed);
    // What has ended has no address any more, though Kubernetes still shows the one that it had.
    if (spec.hostNetwork === true || ['Succeeded', 'Failed'].includes(String(status.phase))) continue;
    for (const [address, ifname] of addressesOf(one)) {
      const other = byAddress.has(address) && byAddress.get(address)?.name !== name;
      byAddress.set(address, other ? undefined : { ...listed, ifname });
    }
  }
  return { withAddress: (address) => byAddress.get(address), named: (name) => byName.get(name) };
}

function addressesOf({ metadata, status }: KubernetesObject): Map<string, string | undefined> {
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  const found = new Map<string, string | undefined>();
  const add = (text: unknown, ifname?: string) => {
    const address = typeof text === 'string' ? addressText(text.trim().replace(/\/\d+$/, '')) : undefined;
    if (address !== undefined) found.set(address, ifname ?? found.get(address));
  };
  for (const one of listIn(status.podIPs)) if (isObject(one)) add(one.ip);
  add(status.podIP);
  for (const name of CALICO_ADDRESSES) for (const text of (textIn(annotations, name) ?? '').split(',')) add(text);
  for (const network of listIn(parseJson(textIn(annotations, NETWORK_STATUS) ?? '')))
    if (isObject(network)) for (const ip of listIn(network.ips)) add(ip, interfaceIn(network));
  return found;
}

/** Whoever may write the pod may have written it. */
function interfaceIn(network: Readonly<Record<string, unknown>>): string | undefined {
  const name = textIn(network, 'interface');
  return name !== undefined && isInterface(name) ? name : undefined;
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
