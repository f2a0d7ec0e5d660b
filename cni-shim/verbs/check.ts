/** CHECK: whether the container still holds the addresses that its ADD was given (CNI specification, section 4). */
import type { CheckResult } from '../../core/contract/lease.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import { refusal } from '../machine/refusal.ts';
import { type JournalEntry, slotsOf } from '../node/journal-entry.ts';
import { ownLease } from '../node/offline-lease.ts';
import type { Plugin } from './assemble.ts';

type Held = CheckResult['held'][number];

/**
 * Others of the chain may have added addresses of their own to `prevResult`: what this plugin gave has to be in it, and held.
 * @param previous the addresses of `prevResult`, with or without prefix length
 * @throws LessorError `lease.lost` where the container does not hold what it was given; `service.*` where nobody can tell
 */
export async function check(plugin: Plugin, previous: readonly string[]): Promise<void> {
  const { attachment, records } = plugin;
  const entry = records.journal.find(attachment);
  const held = await heldBy(plugin, entry);
  const lease = held.filter(({ nonce }) => entry === undefined || nonce === entry.nonce);
  const addresses = addressesOf(lease);
  const wanted = [...new Set(previous.map(bare))];
  const shown = `prevResult has ${wanted.join(', ') || 'no address'}`;
  if (addresses.length === 0) throw lostLease(plugin, `holds no lease, and ${shown}`);
  // Of two slots that were asked for only one set's address each is the container's, and the journal knows which.
  const given = entry?.acknowledged ?? entry?.local;
  const own = given === undefined ? addresses : addressesOf([given]);
  const lost = own.filter((address) => !addresses.includes(address));
  if (lost.length > 0) throw lostLease(plugin, `does not hold ${lost.join(', ')} but ${addresses.join(', ')}`);
  const missing = own.filter((address) => !wanted.includes(address));
  if (missing.length > 0) throw lostLease(plugin, `holds ${missing.join(', ')}, and ${shown}`);
}

const addressesOf = (leases: readonly Pick<Held, 'addresses'>[]): string[] => [
  ...new Set(leases.flatMap(({ addresses }) => addresses.map(({ address }) => bare(address)))),
];

/** A node that owns the block knows without the service: nobody else can have been given the slot (I2, I3). */
async function heldBy(plugin: Plugin, entry: JournalEntry | undefined): Promise<readonly Held[]> {
  const { attachment, api, records, outage } = plugin;
  const own = entry && ownHeld(plugin, entry);
  // What the service was not told of yet it cannot confirm.
  if (own !== undefined && entry !== undefined && !records.outbox.isReported(entry)) return [own];
  if (own !== undefined && outage.isRecent()) return [own];
  const slots = entry === undefined ? [] : slotsOf(entry);
  const asked = { attachment, ...(slots.length === 0 ? {} : { slots }) };
  const outcome = await outcomeOf((own === undefined ? api : api.brief).check(asked));
  if (outcome.kind === 'granted') return outcome.answer?.held ?? [];
  const { kind, error } = outcome;
  // An older service does not know the question: then the journal is all there is.
  const noted = entry?.acknowledged;
  if (error.code === 'route.unknown' && entry !== undefined && noted !== undefined)
    return [{ ...noted, nonce: entry.nonce }];
  if (own === undefined || kind === 'refused') throw error;
  outage.failed(error);
  return [own];
}

function ownHeld({ records }: Plugin, entry: JournalEntry): Held | undefined {
  const { nonce, acknowledged, local } = entry;
  const lease = acknowledged ?? local;
  if (lease === undefined) return undefined;
  const own = ownLease(records, { ...entry, proposal: lease.slot });
  return own && { slot: lease.slot, nonce, addresses: lease.addresses };
}

const bare = (address: string): string => address.split('/')[0] ?? address;

function lostLease({ attachment: { containerId, ifname } }: Plugin, what: string): LessorError {
  return refusal(
    'lease.lost',
    `interface ${ifname} of container ${containerId} ${what}`,
    'delete the container and create it again; GET /v1/addresses?address= tells who has an address',
  );
}
