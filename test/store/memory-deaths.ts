/** Declared deaths in memory, as functions/store/dynamodb-deaths.ts keeps them in DynamoDB. */
import type { Concluded, DeathKey, DeathRecord } from '../../core/protocol/node.ts';
import type { DeathStore } from '../../core/store.ts';

export function memoryDeaths(): DeathStore {
  const deaths = new Map<string, DeathRecord>();
  let concluded: Concluded | undefined;
  const keyOf = ({ node, declaredAt }: DeathKey) => `${String(declaredAt).padStart(15, '0')}#${node}`;
  return {
    async recordDeath(death) {
      if (deaths.has(keyOf(death))) return false;
      deaths.set(keyOf(death), { ...death });
      return true;
    },
    async readDeath(key) {
      const found = deaths.get(keyOf(key));
      return found && { ...found };
    },
    async listDeaths({ limit, cursor, since = 0 }) {
      const found = [...deaths]
        .filter(([key, { declaredAt }]) => declaredAt >= since && (cursor === undefined || key < cursor))
        .sort(([a], [b]) => (a > b ? -1 : 1));
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        deaths: page.map(([, death]) => ({ ...death })),
        ...(last !== undefined && found.length > limit ? { nextCursor: last[0] } : {}),
      };
    },
    async recordSweep(key, { freed, ...times }) {
      const found = deaths.get(keyOf(key));
      if (found === undefined) return false;
      deaths.set(keyOf(key), { ...found, ...times, freed: found.freed + freed });
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
