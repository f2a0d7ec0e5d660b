/** A node that asks for one address after the other as the plugin does, and remembers what it is answered. */
import { afterAnswer, type PoolCache } from '../../cni-shim/node/pool-cache.ts';
import { proposableAt, proposals } from '../../cni-shim/node/propose.ts';
import { knownFull } from '../../cni-shim/verbs/ask-service.ts';
import { scatter } from '../../core/addresses/scatter.ts';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../core/contract/lease.ts';
import { addOf, attachmentOf } from '../functions/world.ts';

export interface AskingNode {
  readonly node: string;
  /** What it asks for its next container. @param now ms since 1970 */
  next(now: number): AllocateRequest;
  /** What the request before came to. */
  answered(answer: AllocateResult, now: number): void;
}

const BOOT = 'boot-1';

/** @param pool of the default VRF, by its name */
export function askingNode(node: string, pool: string): AskingNode {
  const journal = scatter(node).toString(16).padStart(16, '0');
  const journaled = new Set<string>();
  const text = ({ block, slot }: SlotReference) => `${block}.${slot}`;
  let state: PoolCache | undefined;
  let containers = 0;
  let proposal: SlotReference | undefined;
  const free = (known: PoolCache, now: number) => {
    for (const slot of proposals(known, now)) if (!journaled.has(text(slot))) return slot;
    return undefined;
  };
  return {
    node,
    next(now) {
      containers += 1;
      proposal = state && free(state, now);
      const generation = proposal && proposableAt(state, proposal);
      return addOf(containers, {
        attachment: attachmentOf(`${node}-${containers}`),
        nonce: `${journal}${containers.toString(16).padStart(16, '0')}`,
        pool: { vrf: 'default', name: pool },
        ...(proposal && generation !== undefined ? { proposal, generation } : {}),
        ...(state ? { incarnation: state.incarnation, ...knownFull(state, now) } : {}),
      });
    },
    answered(answer, now) {
      journaled.add(text(answer.slot));
      state = afterAnswer(state, { answer, proposal, journal, now, bootId: BOOT });
    },
  };
}
