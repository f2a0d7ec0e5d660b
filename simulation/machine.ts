/**
 * A node: the plugin's real code and the real agent, with a journal on a disk of its own. It can be cut off, lose its power at any
 * request, boot again, and get an old copy of its disk back. Its clock is its own.
 */
import type { Row } from '../cni-shim/machine/database.ts';
import { DAMAGED } from '../cni-shim/machine/layout.ts';
import type { NodeRecords } from '../cni-shim/node/node-records.ts';
import { leave, stay } from '../cni-shim/sync/leave.ts';
import type { Called } from '../test/cni-shim/in-process.ts';
import type { ServiceInWeather } from '../test/cni-shim/verbs/service-in-weather.ts';
import { type Boot, type BootAround, bootUp, CONFIG, callOn, NODE_JSON, type Verb } from './boot.ts';
import { type DiskCopy, emptyDisk } from './disk.ts';
import type { Container } from './witness.ts';

export interface Machine {
  readonly id: string;
  readonly bootId: string;
  readonly hasAgent: boolean;
  /** Whether anything was ever done on it. */
  readonly isUsed: boolean;
  readonly service: ServiceInWeather;
  /** `gone`: for good. */
  power: 'on' | 'off' | 'gone';
  /** The agent's next look comes. */
  isToLook: boolean;
  /** Undefined where the power went off before it was over, or its process was killed: nobody heard of it. */
  call(verb: Verb, container: Container, killedAfterMs?: number): Promise<Called | undefined>;
  /** One round of the agent; nothing where another one is under way. */
  round(): Promise<void>;
  /** Between two rounds the agent looks whether there is anything to tell. */
  look(): Promise<void>;
  restartAgent(): void;
  /** `lessor leave`, and `--stay`: whether it ended well. A reboot makes the mark void. */
  leave(): Promise<boolean>;
  stay(): Promise<boolean>;
  isLeaving(): boolean;
  /** The container's sandbox is gone; no DEL need come. */
  sandboxEnds(container: string): void;
  records(): NodeRecords;
  /** Whose each slot is in the journal: nonces, by slot. */
  slotOwners(): ReadonlyMap<string, string>;
  /** Slots that belong to a nonce of which the journal has nothing else. */
  slotsOfNobody(): string[];
  /** Containers that live with a slot of which the service was not told, and nonces that are to be released. */
  outbox(): { readonly reports: readonly string[]; readonly releases: readonly string[] };
  /** The journal was found damaged, and is put aside. */
  loseJournal(): void;
  /** How often that was. */
  readonly losses: number;
  /** It was, in this boot or an earlier one. */
  readonly isForgetful: boolean;
  powerOff(): void;
  boot(): void;
  /** Keeps a copy of the disk as it is; only the last one is kept. */
  copyDisk(): void;
  /** While the power is off: the disk is as the copy was. False where there is none. */
  restoreDisk(): boolean;
}

export interface Around extends BootAround {
  readonly hasAgent?: boolean;
  /** False for a broken plugin. */
  readonly isBootSeen?: boolean;
  /** A call is over, or a round of the agent. */
  readonly isOver?: (machine: Machine) => void;
}

const SLOTS = 'SELECT pool, block, slot, nonce FROM slot';
const nameOf = ({ pool, block, slot }: Row): string => `${pool}.${block}.${slot}`;

export function machineOf(id: string, service: ServiceInWeather, around: Around): Machine {
  const disk = emptyDisk(() => around.clock.now);
  disk.write(CONFIG, NODE_JSON);
  let copy: DiskCopy | undefined;
  let boots = 0;
  const bootOf = (): Boot => {
    boots += 1;
    return bootUp({ id, bootId: `${id}-boot-${around.isBootSeen === false ? 0 : boots}`, disk }, service, around);
  };
  let current = bootOf();
  let losses = 0;
  let isForgetful = false;
  const isOver = () => around.isOver?.(machine);
  const rows = (sql: string) => disk.openDatabase(current.records().path).all(sql);
  const machine: Machine = {
    id,
    hasAgent: around.hasAgent ?? true,
    service,
    power: 'on',
    isToLook: false,
    get bootId() {
      return current.bootId;
    },
    get losses() {
      return losses;
    },
    get isForgetful() {
      return isForgetful;
    },
    get isUsed() {
      return disk.files.size(current.records().path) !== undefined;
    },
    call: (verb, container, killedAfterMs) =>
      callOn(current, verb, container, around.schedule, killedAfterMs).finally(isOver),
    round: () => current.round().finally(isOver),
    look: () => current.look().finally(isOver),
    restartAgent: () => current.restartAgent(),
    leave: () => current.command(leave).finally(isOver),
    stay: () => current.command(stay),
    isLeaving: () => current.records().leaving.isLeaving(),
    sandboxEnds: (container) => current.namespaces.end(container),
    records: () => current.records(),
    slotOwners: () => new Map(rows(SLOTS).map((row) => [nameOf(row), String(row.nonce)])),
    slotsOfNobody: () =>
      rows(`${SLOTS} WHERE nonce NOT IN (SELECT nonce FROM lease UNION SELECT nonce FROM outbox)`).map(nameOf),
    outbox: () => outboxOf(current.records()),
    powerOff() {
      machine.power = 'off';
      current.end();
    },
    boot() {
      machine.power = 'on';
      current = bootOf();
    },
    loseJournal() {
      const directory = current.records().path.replace(/\/[^/]*$/, '');
      const identity = disk.files.identity(directory);
      if (identity !== undefined) disk.files.move(directory, `${directory}${DAMAGED}${identity.replace(':', '-')}`);
      losses += 1;
      isForgetful = true;
    },
    copyDisk() {
      copy = disk.copy();
    },
    restoreDisk() {
      if (copy === undefined) return false;
      disk.restore(copy);
      isForgetful ||= !machine.isUsed;
      return true;
    },
  };
  return machine;
}

function outboxOf({ journal, outbox }: NodeRecords): ReturnType<Machine['outbox']> {
  const untold = journal.entries().filter(({ local, reported }) => local !== undefined && reported !== true);
  return {
    reports: untold.map(({ attachment }) => attachment.containerId),
    releases: outbox.toRelease().map(({ nonce }) => nonce),
  };
}
