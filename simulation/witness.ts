/**
 * What the containers were told and live with, whatever the tables and the journals say: the run's own record, by which it is
 * judged. It hears of each slot that changes hands.
 */
import type { Holding, SlotState } from '../core/protocol/lease.ts';

export interface Container {
  readonly id: string;
  readonly node: string;
  readonly network: string;
  readonly pod: { readonly namespace: string; readonly name: string };
  /** Which its pod has by its annotation. */
  readonly identity?: string;
  /** That it was told, while it lives. */
  address: string | undefined;
  /** Under which it was asked for: an earlier container of the same id had another one, and what that one held may be freed. */
  nonce?: string;
  /** The life of the node in which that was leased. */
  life: number;
  /** The last life in which the service said that it has its identity's address. */
  identityLife?: number;
  isBusy: boolean;
  /** What it lived with was given up when it was added again: it may be told another address, whatever became of that one meanwhile. */
  mayMove?: boolean;
  /** It was added again, and that failed: what is held for it is not known until it is repeated, or deleted. */
  isUnanswered?: boolean;
  /** The journal of its node was lost since. */
  isForgotten?: true;
}

export type Property =
  | 'living address freed'
  | 'address held twice'
  | 'block freed before its slots'
  | 'held in a block of another'
  | 'address again too soon'
  | 'address freed twice'
  | 'identity lives twice'
  | 'identity moved'
  | 'identity refused'
  | 'identity left behind'
  | 'forbidden write'
  | 'journal';

export interface Violation {
  readonly property: Property | 'orphan' | 'counter' | 'table' | 'history' | 'node' | 'fault';
  readonly what: string;
}

export interface Witness {
  readonly violations: Violation[];
  readonly trace: string[];
  readonly living: ReadonlyMap<string, Container>;
  livingOn(node: string): Iterable<Container>;
  note(what: string): void;
  fail(violation: Violation): void;
  /** It was told an address. @param life of the node, in which it was leased */
  lives(container: Container, address: string, life: number): void;
  ends(container: Container): void;
  /** The death of this life, which runs, is recorded by an operator: what was leased in it may be taken once it is over. */
  isInsistedOn(node: string, life: number): void;
  /** It is marked. */
  isOver(node: string, life: number): void;
  isGivenUp(container: Pick<Container, 'node' | 'life'>): boolean;
  /** The last life of the node that an operator gave up though it ran; 0: none. */
  givenUpLife(node: string): number;
  /** What it holds is held in that life of the node from now on. */
  isHeldIn(address: string, holding: Holding, life: number): void;
  /** The holder of an address is not that one any more. */
  changesHands(address: string, before: SlotState, how: string): void;
}

/** An operator's reason where the node runs. It is in the record, which may come late. */
export const WRONGLY = 'it does not answer';

/** Lines of the trace, at least. */
const KEPT = 10_000;

/** Two containers of one id may be there on different nodes. */
const nameOf = ({ id, node }: Pick<Container, 'id' | 'node'>): string => `${id}@${node}`;

export function newWitness(): Witness {
  const living = new Map<string, Container>();
  const byNode = new Map<string, Set<Container>>();
  const byAddress = new Map<string, Set<Container>>();
  const insisted = new Set<string>();
  const givenUp = new Map<string, number>();
  const violations: Violation[] = [];
  const trace: string[] = [];
  const isGivenUp = ({ node, life }: Pick<Container, 'node' | 'life'>) => life <= (givenUp.get(node) ?? 0);
  const note = (what: string) => {
    if (trace.length > 2 * KEPT) trace.splice(0, KEPT);
    trace.push(what);
  };
  const fail = (violation: Violation) => {
    violations.push(violation);
    note(`*** ${violation.property}: ${violation.what}`);
  };
  const at = (address: string) => [...(byAddress.get(address) ?? [])];
  return {
    violations,
    trace,
    living,
    livingOn: (node) => byNode.get(node) ?? [],
    note,
    fail,
    lives(container, address, life) {
      note(`${nameOf(container)} lives with ${address} in life ${life}`);
      const { address: before } = container;
      if (before !== undefined && before !== address) {
        // In another life of its node the runtime may be told another address: it adds no container twice that lives.
        if (!isGivenUp(container) && container.mayMove !== true && container.life === life)
          fail({ property: 'address held twice', what: `${nameOf(container)} has ${before} and ${address}` });
        byAddress.get(before)?.delete(container);
      }
      Object.assign(container, { address, life });
      for (const other of at(address)) {
        if (other === container || isGivenUp(other) || isGivenUp(container)) continue;
        fail({ property: 'address held twice', what: `${address} by ${nameOf(other)} and ${nameOf(container)}` });
      }
      byAddress.set(address, (byAddress.get(address) ?? new Set()).add(container));
      living.set(nameOf(container), container);
      byNode.set(container.node, (byNode.get(container.node) ?? new Set()).add(container));
    },
    ends(container) {
      if (container.address === undefined) return;
      byAddress.get(container.address)?.delete(container);
      living.delete(nameOf(container));
      byNode.get(container.node)?.delete(container);
      container.address = undefined;
    },
    isInsistedOn: (node, life) => void insisted.add(`${node} ${life}`),
    isOver(node, life) {
      if (insisted.has(`${node} ${life}`)) givenUp.set(node, Math.max(life, givenUp.get(node) ?? 0));
    },
    isGivenUp,
    givenUpLife: (node) => givenUp.get(node) ?? 0,
    isHeldIn(address, { attachment: { containerId, network }, node, nonce }, life) {
      const container = living.get(nameOf({ id: containerId, node }));
      if (container?.nonce !== nonce || container.network !== network || container.address !== address) return;
      container.life = Math.max(container.life, life);
    },
    changesHands(address, { holding }, how) {
      if (holding === undefined) return;
      const { attachment, node } = holding;
      note(`${address} of ${attachment.containerId}@${node} (${holding.nonce.slice(-4)}): ${how}`);
      for (const one of at(address)) {
        if (one.id !== attachment.containerId || one.node !== node || one.network !== attachment.network) continue;
        if (isGivenUp(one) || (one.nonce ?? holding.nonce) !== holding.nonce) continue;
        fail({ property: 'living address freed', what: `${address} of ${nameOf(one)}, by ${how}` });
      }
    },
  };
}
