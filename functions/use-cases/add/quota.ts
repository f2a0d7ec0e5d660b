/** How many leases a namespace may hold in a pool. docs/quotas.md has the guarantee and its proof. */
import { LessorError } from '../../../core/contract/problems.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool, QuotaView } from '../memory.ts';

export const quotaTimes = {
  /** A reading of the counter counts for so long. */
  readEveryMs: 2_000,
  /** From the check of an ADD until its lease is in the counter, beside what it waits to be counted with others. */
  countedAfterMs: 2_000,
};
/** The part of what is left that an environment may grant before it looks what others granted. */
const SHARE = 8;

/**
 * Call it before a new slot is held, and only then: what is asked for counts as granted. It makes a request only where the
 * pool has a quota and what is known is old or nearly used up.
 * @param namespace of the pod; '' where the pod is not known
 * @param slots that are to be held
 * @throws LessorError pool.quota
 */
export async function withinQuota(deps: Dependencies, pool: KnownPool, namespace = '', slots = 1): Promise<void> {
  const { id, quota, quotas } = pool.definition;
  const limit = Object.hasOwn(quotas, namespace) ? quotas[namespace] : quota;
  if (limit === undefined) return;
  const key = `${id} ${namespace}`;
  const now = deps.now();
  let view = deps.memory.quotas.peek(key);
  if (view === undefined || now - view.readAt >= quotaTimes.readEveryMs || view.since >= shareOf(view, limit)) {
    const held = (await deps.store.counters.read({ pool: id, namespace }))?.held ?? 0;
    // As it is now: another request may have been granted while this one read.
    const earlier = deps.memory.quotas.peek(key)?.granted ?? [];
    // What was granted longer ago than this before a reading is in it.
    const countedWithinMs = deps.settings.countWithinSeconds * 1000 + quotaTimes.countedAfterMs;
    const granted = earlier.filter((at) => at > now - countedWithinMs);
    view = { held, readAt: now, granted, since: 0 };
    deps.memory.quotas.set(key, view, now);
  }
  const held = view.held + view.granted.length;
  if (held + slots > limit) throw usedUp(pool, namespace, limit, held);
  for (let slot = 0; slot < slots; slot += 1) view.granted.push(deps.now());
  view.since += slots;
}

/** Of one request, which may try many slots, and may take several. */
interface QuotaOfRequest {
  /** Before slots are tried: asked once for each that it takes. @param slots that it still needs. @throws LessorError pool.quota */
  ensure(slots?: number): Promise<void>;
  /** A slot was taken. */
  taken(): void;
}

export function quotaOfRequest(deps: Dependencies, pool: KnownPool, namespace: string | undefined): QuotaOfRequest {
  let granted = 0;
  let asked = Promise.resolve();
  const ask = async (missing: number) => {
    if (missing <= 0) return;
    await withinQuota(deps, pool, namespace, missing);
    granted += missing;
  };
  return {
    ensure(slots = 1) {
      asked = asked.then(() => ask(slots - granted));
      return asked;
    },
    taken() {
      granted -= 1;
    },
  };
}

function shareOf({ held, granted, since }: QuotaView, limit: number): number {
  const left = limit - held - (granted.length - since);
  return Math.max(1, Math.floor(left / SHARE));
}

function usedUp({ definition }: KnownPool, namespace: string, quota: number, held: number): LessorError {
  const { name, vrf } = definition;
  const whose = namespace === '' ? 'Pods whose namespace is not known' : `Namespace ${namespace}`;
  return new LessorError('pool.quota', `${whose} may hold ${quota} leases in pool ${name}, and holds ${held}`, {
    remedy: "delete pods of it, or raise the pool's quota",
    facts: { pool: name, vrf, namespace, quota, held },
  });
}
