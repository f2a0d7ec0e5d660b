/** For whom a slot is kept that was freed, and for how long. */
import { type Ending, endedAtOf, type Holding, type SlotState } from '../core/protocol/lease.ts';

/** Before it has cooled an address is for the attachment that had it, for the identity, and where the pool is sticky for the pod. */
export function isTooSoon(before: SlotState | undefined, asked: Holding, sticky: boolean): boolean {
  const { attachment, node, nonce, pod, heldAt, identity } = asked;
  const { held, holding: was, reusableAt = 0 } = before ?? {};
  if (held !== false || was === undefined || reusableAt <= heldAt) return false;
  // A late copy of the request that had it does not have it again.
  const isSame = was.node === node && was.attachment.containerId === attachment.containerId && was.nonce !== nonce;
  const isOfNamespace = was.pod?.namespace === pod?.namespace;
  const isOfNone = identity === undefined && was.identity === undefined;
  const isPods = sticky && isOfNone && isOfNamespace && was.pod?.name === pod?.name;
  const isIdentitys = identity !== undefined && isOfNamespace && was.identity === identity;
  return !isSame && !isPods && !isIdentitys;
}

/** What is written of an ending. For how long an identity's slot is kept is counted here, and not taken from the request. */
export function endOf(
  before: SlotState | undefined,
  said: Ending | undefined,
  keptMs: number | undefined,
): Partial<SlotState> {
  if (said === undefined || before === undefined) return {};
  const isKept = keptMs !== undefined && before.holding?.identity !== undefined;
  const reusableAt = isKept ? said.endedAt + keptMs : said.reusableAt;
  return { endedAt: endedAtOf(before, said.endedAt), reusableAt };
}
