/** What may become of an ADD, pool by pool and block by block: kinds for whoever decides, sentences for whoever reads. */
import type { PoolState } from '../../../core/store.ts';

export type BlockVerdict =
  | { readonly kind: 'has-room' }
  /** Nothing is free, but something cools. */
  | { readonly kind: 'cooling' }
  | { readonly kind: 'full' }
  | { readonly kind: 'releasing' }
  | { readonly kind: 'of-another-node'; readonly node: string | undefined };

/** Where a pod has a reservation, only its addresses count. */
interface ForPod {
  readonly reservation: string | undefined;
}

/** Why no block of a pool has room; `ownBlocks`: the node has as many blocks as it may, so many. */
interface NoRoom extends ForPod {
  readonly ownBlocks: number | undefined;
}

export type PoolVerdict =
  | ({ readonly kind: 'has-room' } & ForPod)
  | ({ readonly kind: 'cooling'; readonly cooling: number } & NoRoom)
  | ({ readonly kind: 'exhausted' } & NoRoom)
  | { readonly kind: 'inactive'; readonly state: PoolState['state'] }
  | { readonly kind: 'quota-used-up'; readonly namespace: string; readonly limit: number; readonly held: number }
  /** Another pod has the identity's address. */
  | {
      readonly kind: 'identity-held';
      readonly identity: string;
      readonly addresses: readonly string[];
      readonly pod: string;
      readonly node: string;
    }
  | { readonly kind: 'identity-kept'; readonly identity: string; readonly addresses: readonly string[] }
  /** The pod has addresses there that are kept for it anyway. */
  | { readonly kind: 'identity-reserved'; readonly identity: string; readonly reservation: string }
  /** It is not chosen for such a pod. */
  | { readonly kind: 'passed-over'; readonly why: string }
  | { readonly kind: 'unknown'; readonly vrf: string };

export type Verdict =
  | { readonly kind: 'address'; readonly pool: string }
  | {
      readonly kind: 'no-room';
      readonly tried: readonly { readonly pool: string; readonly verdict: PoolVerdict }[];
      /** Pools that an ADD would try too, and that were not looked at; none if left out. */
      readonly further?: number;
    }
  /** Who names the pools. */
  | { readonly kind: 'none-fits'; readonly by: 'annotation' | 'configuration' | 'nobody' };

export function blockVerdictText(verdict: BlockVerdict): string {
  switch (verdict.kind) {
    case 'has-room':
      return 'has room';
    case 'cooling':
      return 'has only cooling addresses';
    case 'full':
      return 'is full';
    case 'releasing':
      return 'passed over: it is being taken back from its node';
    case 'of-another-node':
      return `passed over: it belongs to node ${verdict.node ?? '?'}`;
  }
}

/** It follows the pool's name, or stands beside it. */
export function poolVerdictText(verdict: PoolVerdict): string {
  switch (verdict.kind) {
    case 'has-room':
      return `has room${reservationText(verdict)}`;
    case 'cooling':
      return `has ${verdict.cooling} addresses that are only cooling: wait, or lower its cooldown${noRoomText(verdict)}`;
    case 'exhausted':
      return `is exhausted: every address is held${noRoomText(verdict)}`;
    case 'inactive':
      return `is passed over: it is ${verdict.state}`;
    case 'quota-used-up': {
      const { namespace, limit, held } = verdict;
      return `lets namespace ${namespace} hold ${limit} leases, and it holds ${held}: raise its quota`;
    }
    case 'identity-held': {
      const { identity, addresses, pod, node } = verdict;
      return `keeps ${addresses.join(', ')} for identity ${identity}, and pod ${pod} on node ${node} holds it: it is free when that one ends`;
    }
    case 'identity-kept':
      return `keeps ${verdict.addresses.join(', ')} for identity ${verdict.identity}`;
    case 'identity-reserved':
      return `keeps no address for identity ${verdict.identity}, since the pod has reservation ${verdict.reservation}: leave the identity out`;
    case 'passed-over':
      return `passed over: ${verdict.why}`;
    case 'unknown':
      return `there is no such pool in VRF ${verdict.vrf}`;
  }
}

const noRoomText = (verdict: NoRoom): string => {
  const limit = verdict.ownBlocks === undefined ? '' : `, and the node has its ${verdict.ownBlocks} blocks`;
  return `${limit}${reservationText(verdict)}`;
};

const reservationText = ({ reservation }: ForPod): string =>
  reservation === undefined ? '' : ` in reservation ${reservation}, of which this pod gets an address or none`;

const NONE_FITS = {
  annotation: "it may use none of the pools that the pod's annotation names",
  configuration: 'it may use none of the pools that the configuration names',
  nobody: 'the configuration names no pool, and none asks for this pod; make one a default pool',
} as const;

export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'address':
      return `an ADD gets an address from pool ${verdict.pool}`;
    case 'no-room': {
      const reasons = verdict.tried.map((one) => `${one.pool} ${poolVerdictText(one.verdict)}`).join('; ');
      if (verdict.further === undefined) return `an ADD gets no address: ${reasons}`;
      return `an ADD gets no address of the first ${verdict.tried.length} pools: ${reasons}; ${verdict.further} more that it may use were not looked at`;
    }
    case 'none-fits':
      return `an ADD gets no address: ${NONE_FITS[verdict.by]}`;
  }
}
