/**
 * That the cluster's network had no address for a container of this node: the plugin notes it, and the agent asks the service
 * whether that is so for long. Only what a node's pods get first counts, since pods do without an address of another network.
 */
import { isProblemCode, type ProblemCode } from '../../core/contract/problems.ts';
import type { PoolRequest } from '../cni/pool-request.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from './node-records.ts';

/** containerd and CRI-O give this name to the first interface of each pod, and Multus to that of the cluster's network. */
export const CLUSTER_INTERFACE = 'eth0';

export interface RefusedNetwork {
  readonly network: string;
  /** What an ADD of it asks for. */
  readonly pool: PoolRequest;
  readonly labels: Readonly<Record<string, string>>;
  readonly code: ProblemCode;
  readonly what: string;
  readonly remedy?: string;
  /** The pool's blocks belong to nodes: that others have room there says nothing of this one. */
  readonly ofNodes: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const ROW = 'refused networks';
/** A node has one cluster network, or some for a while. */
const MOST_NETWORKS = 8;

type Meta = Pick<NodeRecords, 'meta' | 'changeMeta'>;

/** In place of what was noted of that network before. */
export function noteRefusedNetwork({ changeMeta }: Meta, refused: RefusedNetwork): void {
  changeMeta(ROW, (text) => {
    const others = refusedIn(text).filter(({ network }) => network !== refused.network);
    return JSON.stringify([...others.slice(1 - MOST_NETWORKS), refused]);
  });
}

export const refusedNetworks = ({ meta }: Pick<Meta, 'meta'>): RefusedNetwork[] => refusedIn(meta(ROW));

/** Addresses can be had again: unless another refusal came meanwhile. */
export function forgetRefusedNetwork({ meta, changeMeta }: Meta, { network, at }: RefusedNetwork): void {
  const isIt = (one: RefusedNetwork) => one.network === network && one.at === at;
  if (!refusedIn(meta(ROW)).some(isIt)) return;
  changeMeta(ROW, (text) => {
    const others = refusedIn(text).filter((one) => !isIt(one));
    return others.length === 0 ? undefined : JSON.stringify(others);
  });
}

/** The node is another one's from now on, or nobody's. */
export const forgetRefusedNetworks = ({ changeMeta }: Meta): boolean => changeMeta(ROW, () => undefined);

function refusedIn(text: string | undefined): RefusedNetwork[] {
  const read = parseJson(text ?? '');
  return Array.isArray(read) ? read.filter(isRefused) : [];
}

const isRefused = (read: unknown): read is RefusedNetwork =>
  isObject(read) &&
  typeof read.network === 'string' &&
  isObject(read.pool) &&
  isObject(read.labels) &&
  typeof read.at === 'number' &&
  typeof read.what === 'string' &&
  isProblemCode(read.code);
