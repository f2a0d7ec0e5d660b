/** What containers of identities are answered, and what is left of identities in the end: against what is so. */
import type { Called } from '../test/cni-shim/in-process.ts';
import { type Home, identityIn } from './identities.ts';
import type { Machine } from './machine.ts';
import type { Stage } from './stage.ts';
import type { Container } from './witness.ts';

/** Of the CNI error codes: the pool keeps no address for an identity; no address is left. */
const UNKEPT = 7;
const EXHAUSTED = 101;
const HELD_BY = /\(([\d.]+)\/\d+\) is held by pod (\S+) on node (i-\d+)/;
const HAS_ANOTHER = /\(([\d.]+)\/\d+\) is free, and an earlier try of this request holds another address/;
const COOLING = /has only cooling addresses left/;

/** As it was when an ADD began. */
export interface Asked {
  readonly since: number;
  readonly home: Home | undefined;
}
export const askedNow = ({ here, mirror }: Stage, container: Container): Asked => ({
  since: here.clock.now,
  home: mirror.identities.homeOf(container),
});

/** Whether a pool that keeps none refused it. */
export const isUnkept = ({ pools }: Stage, { identity, network }: Container, code: number): boolean =>
  code === UNKEPT && identity !== undefined && !pools.keepsIdentities(network);

export function lookAtAnswer(stage: Stage, container: Container, address: string, life: number): void {
  const { witness, pools, mirror } = stage;
  if (container.identity === undefined) return;
  if (!pools.keepsIdentities(container.network))
    witness.fail({ property: 'identity moved', what: `${container.id} has ${address} in a pool that keeps none` });
  else mirror.identities.has(container, pools.slotOf(container.network, address), life);
}

/** That another pod has the address is told only where it is so, and that none is left not while its own is kept. */
export function lookAtRefusal(
  { witness, pools, mirror }: Stage,
  machine: Machine,
  container: Container,
  { asked, printed }: { readonly asked: Asked; readonly printed: Called['printed'] },
): void {
  const { identity, network, id } = container;
  if (identity === undefined || !pools.keepsIdentities(network)) return;
  const { code, msg } = printed as { readonly code: number; readonly msg: string };
  const fail = (why: string) =>
    witness.fail({ property: 'identity refused', what: `${id}@${machine.id} was told ${msg}: ${why}` });
  const { identities } = mirror;
  const { nonce } = machine.records().journal.find({ network, containerId: id, ifname: 'eth0' }) ?? {};
  const one = nonce === undefined ? container : { ...container, nonce };
  const [, address, pod, node] = HELD_BY.exec(msg) ?? [];
  if (address !== undefined && pod !== undefined && node !== undefined) {
    const by = { key: pools.slotOf(network, address), pod, node };
    if (!identities.wasHeld(one, by, asked.since)) fail('it was not');
  }
  const [, free] = HAS_ANOTHER.exec(msg) ?? [];
  if (free !== undefined && !identities.hadAnother(one, pools.slotOf(network, free), asked.since)) fail('it did not');
  if (
    (code === EXHAUSTED || COOLING.test(msg)) &&
    asked.home !== undefined &&
    identities.homeOf(container) === asked.home
  )
    fail(`${asked.home.slot} is kept for it`);
}

/** Each item names a slot that is its identity's, and of one that lives the slot that it lives with. */
export async function lookAtIdentities({ here, mirror, stream, pools, witness }: Stage): Promise<void> {
  const unheard = stream.givenUp;
  for (const [name, { key, cameLate }] of mirror.identities.known) {
    const item = await here.store.identities.read(key);
    if (item === undefined) continue;
    const slot = { pool: key.pool, block: item.block, slot: item.slot };
    const fail = (what: string) => witness.fail({ property: 'identity left behind', what: `${name}: ${what}` });
    const isIts = isOf(key, identityIn(key.pool, mirror.slot(slot)?.holding));
    const isUnheard = unheard.some(
      (write) => sameSlot(write.key, slot) && isOf(key, identityIn(key.pool, write.before?.holding)),
    );
    const address = pools.addressOf(slot);
    if (!isIts && !isUnheard && !cameLate) fail(`its item names ${address}, which is another's`);
    for (const { identity, network, pod, address: its } of witness.living.values())
      if (isOf(key, { pool: pools.idOf(network), namespace: pod.namespace, identity }) && its !== address)
        fail(`its item names ${address}, and its pod lives with ${its}`);
  }
}

interface Of {
  readonly pool: string;
  readonly namespace: string;
  readonly identity?: string | undefined;
}
const isOf = (one: Of, other: Of | undefined): boolean =>
  one.pool === other?.pool && one.namespace === other.namespace && one.identity === other.identity;

type Slot = Parameters<Stage['mirror']['slot']>[0];
const sameSlot = (one: Slot, other: Slot): boolean =>
  one.pool === other.pool && one.block === other.block && one.slot === other.slot;
