/**
 * What identities are promised (docs/protocol.md), against what containers were told and which writes were carried out: one pod of
 * an identity lives at a time, with the address that the last one had, unless another was given that one meanwhile.
 */
import type { IdentityKey, KeptSlot } from '../core/protocol/identity.ts';
import type { Holding, SlotState } from '../core/protocol/lease.ts';
import { blockKeyToText, type SlotKey } from '../core/protocol/slot-ref.ts';
import type { Container, Witness } from './witness.ts';

/** The slot that the last pod of an identity lived with, as long as nobody else was given it. */
export interface Home {
  readonly slot: string;
}

export interface Identities {
  /** A request to the tables was carried out. */
  saw(name: string, args: readonly unknown[], outcome: unknown): void;
  /** The container was told that it has that slot, in that life of its node. */
  has(container: Container, key: SlotKey, life: number): void;
  homeOf(container: Container): Home | undefined;
  /** Whether, at some time since then (ms), another pod held that slot for the identity. */
  wasHeld(
    container: Container,
    by: { readonly key: SlotKey; readonly pod: string; readonly node: string },
    since: number,
  ): boolean;
  /** Whether, at some time since then, the container itself held another slot for the identity than that one. */
  hadAnother(container: Container, key: SlotKey, since: number): boolean;
  /** Of which an item was ever written. */
  readonly known: ReadonlyMap<string, Known>;
}

export interface Known {
  readonly key: IdentityKey;
  /** Its item was written when the slot was another's by then: the stream may have told of that before. */
  readonly cameLate: boolean;
}

interface Around {
  readonly witness: Witness;
  readonly slot: (key: SlotKey) => SlotState | undefined;
  readonly idOf: (network: string) => string;
  readonly now: () => number;
}

interface Span {
  readonly slot: string;
  readonly holding: Holding;
  readonly from: number;
  to: number;
}

/** Of an identity, the last ones: a call takes seconds. */
const KEPT = 200;
const ENDING: ReadonlySet<string> = new Set(['release', 'sweep', 'evict']);
const slotName = (key: SlotKey): string => `${blockKeyToText(key)}:${key.slot}`;
const textOf = ({ pool, namespace, identity }: IdentityKey): string => `${identity} of ${namespace} in ${pool}`;

/** For which the slot is held, or was last. */
export function identityIn(pool: string, holding: Holding | undefined): IdentityKey | undefined {
  const { identity, pod } = holding ?? {};
  return identity === undefined || pod === undefined ? undefined : { pool, namespace: pod.namespace, identity };
}

export function identitiesBeside({ witness, slot, idOf, now }: Around): Identities {
  const homes = new Map<string, Home>();
  const open = new Map<string, Span>();
  const spans = listsOf<Span>();
  const known = new Map<string, Known & KeptSlot>();
  const nameOf = ({ network, pod: { namespace }, identity = '' }: Container): string =>
    textOf({ pool: idOf(network), namespace, identity });
  function isHeld(name: string, key: SlotKey, holding: Holding): void {
    const at = slotName(key);
    const identity = identityIn(key.pool, holding);
    const of = identity && textOf(identity);
    for (const [other, home] of homes) if (home.slot === at && other !== of) homes.delete(other);
    isOver(at);
    if (of === undefined) return;
    // Whoever holds again what it lived with has that one again, whatever others had since.
    if (name === 'assert' && homes.get(of)?.slot !== at) homes.delete(of);
    const span = { slot: at, holding, from: now(), to: Number.POSITIVE_INFINITY };
    open.set(at, span);
    spans.add(of, span);
  }
  function isOver(at: string): void {
    const span = open.get(at);
    if (span !== undefined) span.to = now();
    open.delete(at);
  }
  function isPointed(key: IdentityKey, to: KeptSlot): void {
    const name = textOf(key);
    if (known.get(name)?.token === to.token) return;
    const { holding } = slot({ pool: key.pool, block: to.block, slot: to.slot }) ?? {};
    const its = identityIn(key.pool, holding);
    known.set(name, { ...to, key, cameLate: its === undefined || textOf(its) !== name });
    witness.note(`identity ${name} has slot ${slotName({ ...key, ...to })} (${holding?.nonce.slice(-4)})`);
  }
  /** In a life that an operator gave up, nothing is claimed until the service says that it has its address again. */
  const isSure = ({ node, identityLife = 0 }: Container) => identityLife > witness.givenUpLife(node);
  return {
    known,
    saw(name, args, outcome) {
      const key = args[0] as SlotKey;
      if ((name === 'hold' || name === 'assert') && (outcome as { held: boolean }).held)
        isHeld(name, key, args[1] as Holding);
      const isDone = outcome === true || (name === 'release' && (outcome as { released: boolean }).released);
      if (!isDone) return;
      if (ENDING.has(name)) isOver(slotName(key));
      if (name === 'point') isPointed(args[0] as IdentityKey, args[1] as KeptSlot);
      if (name === 'forget') {
        const text = textOf(args[0] as IdentityKey);
        known.delete(text);
        witness.note(`identity ${text} has no slot any more`);
      }
    },
    has(container, key, life) {
      if (container.identity === undefined) return;
      const name = nameOf(container);
      container.identityLife = life;
      if (!isSure(container)) return;
      for (const other of witness.living.values()) {
        if (other === container || other.identity === undefined || nameOf(other) !== name || !isSure(other)) continue;
        const what = `${name}: ${other.id}@${other.node} with ${other.address} and ${container.id}@${container.node} with ${container.address}`;
        witness.fail({ property: 'identity lives twice', what });
      }
      const home = homes.get(name);
      const at = slotName(key);
      if (home?.slot === at) return;
      if (home !== undefined) {
        const what = `${name} has ${container.address} by ${container.id}@${container.node}, and nobody else was given ${home.slot}`;
        witness.fail({ property: 'identity moved', what });
      }
      if (slot(key)?.holding?.nonce === container.nonce) homes.set(name, { slot: at });
    },
    homeOf: (container) => (container.identity === undefined ? undefined : homes.get(nameOf(container))),
    wasHeld: (container, { key, pod, node }, since) =>
      spans
        .of(nameOf(container))
        .some(
          ({ slot: at, to, holding }) =>
            at === slotName(key) &&
            to >= since &&
            holding.nonce !== container.nonce &&
            holding.node === node &&
            `${holding.pod?.namespace}/${holding.pod?.name}` === pod,
        ),
    hadAnother: (container, key, since) =>
      spans
        .of(nameOf(container))
        .some(({ slot: at, to, holding }) => holding.nonce === container.nonce && at !== slotName(key) && to >= since),
  };
}

/** The last ones of each name. */
function listsOf<T>() {
  const all = new Map<string, T[]>();
  return {
    of: (name: string): readonly T[] => all.get(name) ?? [],
    add(name: string, one: T): void {
      const list = all.get(name) ?? [];
      list.push(one);
      if (list.length > 2 * KEPT) list.splice(0, KEPT);
      all.set(name, list);
    },
  };
}
