/** Notes of many leases as one item: their fields column by column, compressed, so that twenty take about 1 KB. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';
import type { LeaseNote } from '../../core/protocol/history.ts';
import { blockFromText, blockToText } from '../../core/protocol/slot-ref.ts';

const texts = z.array(z.string());
const numbers = z.array(z.number());
const columns = z.object({
  pool: texts,
  block: texts,
  slot: numbers,
  node: texts,
  life: numbers,
  net: texts,
  if: texts,
  ns: z.array(z.nullable(z.string())),
  pod: z.array(z.nullable(z.string())),
  uid: z.array(z.nullable(z.string())),
  /** When it ended; how long it was held, which has fewer digits than when it began. */
  end: numbers,
  for: numbers,
});

export const packNotes = (notes: readonly LeaseNote[]): Uint8Array =>
  deflateRawSync(
    JSON.stringify({
      pool: notes.map(({ slot }) => slot.pool),
      block: notes.map(({ slot }) => blockToText(slot.block)),
      slot: notes.map(({ slot }) => slot.slot),
      node: notes.map(({ node }) => node),
      life: notes.map(({ incarnation }) => incarnation),
      net: notes.map(({ network }) => network),
      if: notes.map(({ ifname }) => ifname),
      ns: notes.map(({ pod }) => pod?.namespace ?? null),
      pod: notes.map(({ pod }) => pod?.name ?? null),
      uid: notes.map(({ pod }) => pod?.uid ?? null),
      end: notes.map(({ endedAt }) => endedAt),
      for: notes.map(({ heldAt, endedAt }) => endedAt - heldAt),
    } satisfies z.infer<typeof columns>),
    { level: 9 },
  );

export function unpackNotes(bytes: Uint8Array): LeaseNote[] {
  const of = columns.parse(JSON.parse(inflateRawSync(bytes).toString()));
  return of.pool.map((pool, row) => {
    const [namespace, name, uid] = [of.ns[row], of.pod[row], of.uid[row]];
    const endedAt = of.end[row] ?? 0;
    return {
      slot: { pool, block: blockFromText(of.block[row] ?? '0'), slot: of.slot[row] ?? 0 },
      node: of.node[row] ?? '',
      incarnation: of.life[row] ?? 0,
      network: of.net[row] ?? '',
      ifname: of.if[row] ?? '',
      heldAt: endedAt - (of.for[row] ?? 0),
      endedAt,
      ...(namespace == null || name == null ? {} : { pod: { namespace, name, ...(uid == null ? {} : { uid }) } }),
    };
  });
}
