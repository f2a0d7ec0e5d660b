/** Declared deaths in memory, as functions/store/dynamodb-deaths.ts keeps them in DynamoDB. */
import type { Concluded, DeathKey, DeathRecord } from '../../core/protocol/node.ts';
import type { DeathStore } from '../../core/store.ts';

export function memoryDeaths(): DeathStore {
  const deaths = new Map<string, DeathRecord>();
  let concluded: Concluded | undefined;
  /** Their keys in order: a page of 100,000 is found without sorting them. */
  const order: string[] = [];
  const keyOf = ({ node, declaredAt }: DeathKey) => `${String(declaredAt).padStart(15, '0')}#${node}`;
  return {
    async recordDeath(death) {
      if (deaths.has(keyOf(death))) return false;
      deaths.set(keyOf(death), { ...death });
      order.splice(placeOf(order, keyOf(death)), 0, keyOf(death));
      return true;
    },
    async readDeath(key) {
      const found = deaths.get(keyOf(key));
      return found && { ...found };
    },
    async listDeaths({ limit, cursor, since = 0 }) {
      const last = cursor === undefined ? order.length : placeOf(order, cursor);
      const first = placeOf(order, keyOf({ node: '', declaredAt: since }));
      const keys = order.slice(Math.max(first, last - limit), last).reverse();
      return {
        deaths: keys.map((key) => ({ ...(deaths.get(key) as DeathRecord) })),
        ...(last - keys.length > first ? { nextCursor: keys.at(-1) as string } : {}),
      };
    },
    async recordSweep(key, { freed, ...times }) {
      const found = deaths.get(keyOf(key));
      if (found === undefined) return false;
      deaths.set(keyOf(key), { ...found, ...times, freed: found.freed + freed });
      return true;
    },
    async withdrawDeath(key) {
      const found = deaths.get(keyOf(key));
      if (found === undefined) return false;
      deaths.set(keyOf(key), { ...found, withdrawn: true });
      return true;
    },
    async readConcluded() {
      return concluded && { ...concluded };
    },
    async noteConcluded(before, now) {
      if (concluded !== undefined && concluded.before >= before) return false;
      concluded = { before, since: concluded?.since ?? now };
      return true;
    },
    async adoptDeaths() {
      return true;
    },
  };
}

/** How many of `order` come before `key`. */
function placeOf(order: readonly string[], key: string): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
