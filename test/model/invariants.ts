/** What must hold in every state (docs/protocol.md), and L1: that cleaning up alone leaves nothing behind. */
import type { Step } from './explore.ts';
import { at, containerName, type Universe, type World } from './world.ts';

/** What cleaning up means: the steps that belong to it, and states of which it is known that it ends well. */
export interface Tidying {
  steps(world: World): readonly Step<World>[];
  readonly good: Set<string>;
}
const MOST_REMEMBERED = 1_000_000;

export function violation(universe: Universe, world: World, tidying: Tidying): string | undefined {
  return world.fault ?? exclusive(universe, world) ?? fenced(universe, world) ?? leftOver(universe, world, tidying);
}

/** I1, I2 and I3: nobody but its container has a live address, and nothing frees it. */
function exclusive(universe: Universe, world: World): string | undefined {
  for (const [c, { phase, slot, answered, entry, danger }] of world.containers.entries()) {
    // Who was declared dead although it runs may have lost it already. After a restore nobody has, until ADDs are let through.
    if (phase !== 'live' || danger === 'declared') continue;
    const twin = world.containers.findIndex(
      (other, o) => o !== c && other.phase === 'live' && other.danger !== 'declared' && other.slot === slot,
    );
    if (twin >= 0)
      return `I1: ${containerName(universe, c)} and ${containerName(universe, twin)} both live with slot ${slot}`;
    if (danger !== undefined) continue;
    const found = at(world.slots, slot);
    if (answered && (found.is !== 'held' || found.by !== c))
      return `I2: slot ${slot} of ${containerName(universe, c)}, which lives, is not its own`;
    const owner = world.owners[world.block.g];
    const kept = world.block.is === 'claimed' && owner?.node === at(universe.containers, c).node;
    if (!answered && entry && !kept)
      return `I3: the block under ${containerName(universe, c)}, which lives, was taken back`;
  }
  return undefined;
}

/** I4 and I5. */
function fenced({ affinity, containers }: Universe, { block, owners, slots }: World): string | undefined {
  if (affinity === 'shared') return undefined;
  for (const [k, { is, g, by }] of slots.entries()) {
    if (block.is === 'free' && (is === 'absent' || is === 'held' || g < block.g))
      return `I4: the block is free at generation ${block.g}, slot ${k} is ${is} at ${g}`;
    const owner = owners[block.is === 'releasing' ? block.g - 1 : block.g];
    if (is === 'held' && owner?.node !== at(containers, by).node)
      return `I5: slot ${k} is held by a node that does not own the block`;
  }
  return undefined;
}

/** Then it is lost, and nothing but its end helps. */
function isAnothers({ slots, block, containers, owners }: World, k: number): boolean {
  const { is, by } = at(slots, k);
  if (is === 'held' && at(containers, by).phase === 'live' && at(containers, by).danger === undefined) return true;
  return block.is === 'claimed' && owners[block.g] !== undefined;
}

/** L1: with no more than reconcile, reports and fences, only what lives is held, and no fence is left half-done. */
function leftOver(universe: Universe, world: World, { steps, good }: Tidying): string | undefined {
  if (world.containers.some(({ phase }) => phase === 'adding')) return undefined;
  const amiss = (state: World): string | undefined => {
    if (state.block.is === 'releasing') return 'L1: a fence is never finished';
    for (const [k, { is, by }] of state.slots.entries())
      if (is === 'held' && at(state.containers, by).phase !== 'live')
        return `L1: slot ${k} is held by ${containerName(universe, by)}, which is no more`;
    const lost = state.containers.findIndex(({ phase, entry, answered, danger, slot: k }) => {
      const unknown = danger === undefined ? !answered : !isAnothers(state, k);
      return phase === 'live' && entry && unknown;
    });
    return lost < 0 ? undefined : `L1: ${containerName(universe, lost)} lives, and the table does not know it`;
  };
  if (good.size > MOST_REMEMBERED) good.clear();
  const way = new Set<string>();
  let wrong = amiss(world);
  for (let state = world; wrong !== undefined; wrong = amiss(state)) {
    let key = '';
    const next = steps(state).find((step) => {
      key = JSON.stringify(step.next);
      return !way.has(key);
    });
    if (next === undefined) return wrong;
    way.add(key);
    if (good.has(key)) break;
    state = next.next;
  }
  for (const key of way) good.add(key);
  return undefined;
}
