/**
 * A container that is added again beside an agent that judged it dead and releases it: what the one does comes in between any
 * transactions of the other. The lease with which the container then lives is never released (I2).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import { knownOf } from '../../../cni-shim/sync/reconcile.ts';
import { reasonToRelease } from '../../../cni-shim/sync/reconcile-decision.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { dyingDatabase, everyDeath, Killed } from '../dying-database.ts';
import { interleavedDatabase } from '../interleaved-database.ts';

const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const slot = { pool: '0000000000000001', block: '0', slot: 1 };
const answer = { slot, addresses: [], incarnation: 1 };

/** One machine's journal, what the service holds (nonces), and with which nonce the container lives. */
interface Scene {
  readonly directory: string;
  readonly held: Set<string>;
  lives?: string;
}

type Open = (scene: Scene, openDatabase?: OpenDatabase) => Pick<NodeRecords, 'journal' | 'outbox'>;

/** A step of a process. */
type Step = (scene: Scene, openDatabase?: OpenDatabase) => void;

const open: Open = ({ directory }, openDatabase = libsqlDatabase) =>
  openRecords({ ...machineUnderNode(), openDatabase }, directory);

const addAgain: Step = (scene, openDatabase) => {
  const { journal } = open(scene, openDatabase);
  const entry = journal.begin({ attachment, nonce: 'again', bootId: 'boot-2' }, () => [{ ...slot, slot: 2 }]);
  scene.held.add(entry.nonce);
  if (journal.acknowledge(entry, answer) === 'noted') scene.lives = entry.nonce;
};

/** What an earlier boot left is judged dead; whoever runs at the moment tells the service. */
const retire =
  (openRecords: Open): Step =>
  (scene, openDatabase) => {
    const { journal, outbox } = openRecords(scene, openDatabase);
    const [dead] = journal.entries().filter(({ bootId }) => bootId === 'boot-1');
    if (dead !== undefined) outbox.retireUnlessAdded(dead);
  };
const flush: Step = (scene, openDatabase) => {
  const { outbox } = open(scene, openDatabase);
  for (const entry of outbox.toRelease()) {
    scene.held.delete(entry.nonce);
    outbox.released(entry);
  }
};

/** The table was read before, and is compared with the journal now. */
const reconcile: Step = (scene, openDatabase) => {
  const { journal, outbox } = open(scene, openDatabase);
  const known = [knownOf({ journal, outbox, knownJournalId: '' })];
  for (const nonce of scene.held) {
    const lease = { slot, attachment, nonce, incarnation: 1, heldAt: '2026-01-01T00:00:00.000Z' };
    if (reasonToRelease(lease, known, { firstOfBoot: undefined }) !== undefined) scene.held.delete(nonce);
  }
};

/** Runs `outer`; each of `inner` whole before its transaction of that number. The count of transactions of `outer`. */
function interleave(scene: Scene, outer: Step, inner: readonly (readonly [at: number, step: Step])[]): number {
  const waiting = [...inner];
  let count = 0;
  outer(
    scene,
    interleavedDatabase(libsqlDatabase, (done) => {
      count = done + 1;
      while (waiting[0] !== undefined && waiting[0][0] <= done) waiting.shift()?.[1](scene);
    }),
  );
  for (const [, step] of waiting) step(scene);
  return count;
}

function inScene<T>(act: (scene: Scene) => T): T {
  const scene: Scene = { directory: mkdtempSync(join(tmpdir(), 'lessor-race-')), held: new Set(['before']) };
  try {
    const { journal } = open(scene);
    journal.acknowledge(
      journal.begin({ attachment, nonce: 'before', bootId: 'boot-1' }, () => [slot]),
      answer,
    );
    return act(scene);
  } finally {
    rmSync(scene.directory, { recursive: true, force: true });
  }
}

/** What is wrong in the end: with the lease that the container lives with, or with another one that nobody would release. */
function wrong(scene: Scene): string | undefined {
  flush(scene);
  retire(open)(scene);
  flush(scene);
  const entry = open(scene).journal.find(attachment);
  if (scene.lives !== undefined && !scene.held.has(scene.lives)) return `${scene.lives} was released though it lives`;
  if (scene.lives !== undefined && entry?.nonce !== scene.lives) return `${scene.lives} has no entry though it lives`;
  const left = [...scene.held].filter((nonce) => nonce !== entry?.nonce);
  return left.length > 0 ? `${left} is nobody's` : undefined;
}

/** The first thing that goes wrong in any interleaving, with up to two steps of others inside one. */
function firstWrong(openRecords: Open): string | undefined {
  const retiring = retire(openRecords);
  const plans: readonly (readonly [outer: Step, first: Step, second: Step])[] = [
    [addAgain, retiring, flush],
    [retiring, addAgain, flush],
    [retiring, flush, addAgain],
    [flush, retiring, addAgain],
    [retiring, addAgain, reconcile],
    [addAgain, retiring, reconcile],
  ];
  for (const [number, [outer, first, second]] of plans.entries()) {
    for (let one = 0, most = 1; one <= most; one += 1) {
      for (let two = one; two <= most; two += 1) {
        const found = inScene((scene) => {
          const steps = [[one, first] as const, [two, second] as const];
          most = interleave(scene, outer, steps);
          return wrong(scene);
        });
        if (found !== undefined) return `plan ${number}, at ${one} and ${two}: ${found}`;
      }
    }
  }
  return undefined;
}

describe('a container that is added again', () => {
  test('keeps its lease, whenever the agent retires the entry and whoever releases', () => {
    expect(firstWrong(open)).toBeUndefined();
  });

  test.each(['before', 'after'])('%s its agent was killed while it retired it keeps its lease', async (when) => {
    const deaths = await everyDeath(async (death) =>
      inScene((scene) => {
        if (when === 'before') addAgain(scene);
        const { openDatabase, isDead } = dyingDatabase(libsqlDatabase, death);
        try {
          retire(open)(scene, openDatabase);
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        if (when === 'after') addAgain(scene);
        expect([death, wrong(scene)]).toEqual([death, undefined]);
        return isDead() ? 'died' : 'lived';
      }),
    );
    expect(deaths).toBeGreaterThan(when === 'before' ? 0 : 4);
  });
});

describe('the interleavings find out', () => {
  const careless =
    (retireUnlessAdded: (records: ReturnType<Open>) => NodeRecords['outbox']['retireUnlessAdded']): Open =>
    (...where) => {
      const records = open(...where);
      return { ...records, outbox: { ...records.outbox, retireUnlessAdded: retireUnlessAdded(records) } };
    };

  test('who retires what was added again', () => {
    const blind = careless(({ outbox }) => (found) => {
      outbox.retire(found);
      return true;
    });
    expect(firstWrong(blind)).toMatch('was released though it lives');
  });

  test('who compares in another transaction', () => {
    const early = careless(({ journal, outbox }) => (found) => {
      if (JSON.stringify(journal.find(found.attachment)) !== JSON.stringify(found)) return false;
      outbox.retire(found);
      return true;
    });
    expect(firstWrong(early)).toMatch('was released though it lives');
  });
});
