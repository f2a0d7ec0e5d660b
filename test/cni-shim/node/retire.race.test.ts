/**
 * A container that is added again beside an agent that judged it dead and releases it: what the one does comes in between any
 * file operations of the other. The lease with which the container then lives is never released (I2).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Files, nodeFiles } from '../../../cni-shim/machine/files.ts';
import { openJournal } from '../../../cni-shim/node/journal.ts';
import { type Outbox, openOutbox } from '../../../cni-shim/node/outbox.ts';
import { knownOf } from '../../../cni-shim/sync/reconcile.ts';
import { reasonToRelease } from '../../../cni-shim/sync/reconcile-decision.ts';
import { dyingFiles } from '../in-process.ts';

const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const slot = { pool: '0000000000000001', block: '0', slot: 1 };
const answer = { slot, addresses: [], pool: { affinity: 'shared' } as const };

/** One machine's files, what the service holds (nonces), and with which nonce the container lives. */
interface Scene {
  readonly directory: string;
  readonly held: Set<string>;
  lives?: string;
}

/** A step of a process, over those files. */
type Step = (scene: Scene, files: Files) => void;

const open = ({ directory }: Scene, files: Files) => {
  const journal = openJournal(files, directory, Date.now);
  return { journal, outbox: openOutbox(files, directory, journal) };
};

const addAgain: Step = (scene, files) => {
  const { journal } = open(scene, files);
  const entry = journal.begin({ attachment, nonce: 'again', bootId: 'boot-2' }, () => [{ ...slot, slot: 2 }]);
  scene.held.add(entry.nonce);
  if (journal.acknowledge(entry, answer) === 'noted') scene.lives = entry.nonce;
};

type Open = (scene: Scene, files: Files) => { readonly outbox: Outbox };

/** What an earlier boot left is judged dead; whoever runs at the moment tells the service. */
const retire =
  (openRecords: Open): Step =>
  (scene, files) => {
    const [dead] = open(scene, nodeFiles)
      .journal.entries()
      .filter(({ bootId }) => bootId === 'boot-1');
    if (dead !== undefined) openRecords(scene, files).outbox.retireUnlessAdded(dead);
  };
const flush =
  (openRecords: Open): Step =>
  (scene, files) => {
    const { outbox } = openRecords(scene, files);
    for (const entry of outbox.toRelease()) {
      scene.held.delete(entry.nonce);
      outbox.released(entry, []);
    }
  };

/** The table was read before, and is compared with the journal now. */
const reconcile: Step = (scene, files) => {
  const { journal, outbox } = open(scene, files);
  const known = [knownOf({ journal, outbox, knownJournalId: '' })];
  for (const nonce of scene.held) {
    const lease = { slot, attachment, nonce, incarnation: 1, heldAt: '2026-01-01T00:00:00.000Z' };
    if (reasonToRelease(lease, known, { firstOfBoot: undefined }) !== undefined) scene.held.delete(nonce);
  }
};

/** Runs `outer`; each of `inner` whole before its operation of that number. The count of operations of `outer`. */
function interleave(scene: Scene, outer: Step, inner: readonly (readonly [at: number, step: Step])[]): number {
  let done = 0;
  const waiting = [...inner];
  const files = Object.fromEntries(
    Object.entries(nodeFiles).map(([name, operation]) => [
      name,
      (...args: unknown[]) => {
        while (waiting[0] !== undefined && waiting[0][0] <= done) waiting.shift()?.[1](scene, nodeFiles);
        done += 1;
        return (operation as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Files;
  outer(scene, files);
  for (const [, step] of waiting) step(scene, nodeFiles);
  return done;
}

function inScene<T>(act: (scene: Scene) => T): T {
  const scene: Scene = { directory: mkdtempSync(join(tmpdir(), 'lessor-race-')), held: new Set(['before']) };
  try {
    const { journal } = open(scene, nodeFiles);
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
  const judge: Step = (at, files) => {
    flush(open)(at, files);
    retire(open)(at, files);
    flush(open)(at, files);
  };
  judge(scene, nodeFiles);
  const entry = open(scene, nodeFiles).journal.find(attachment);
  if (scene.lives !== undefined && !scene.held.has(scene.lives)) return `${scene.lives} was released though it lives`;
  if (scene.lives !== undefined && entry?.nonce !== scene.lives) return `${scene.lives} has no entry though it lives`;
  const left = [...scene.held].filter((nonce) => nonce !== entry?.nonce);
  return left.length > 0 ? `${left} is nobody's` : undefined;
}

/** The first thing that goes wrong in any interleaving, with up to two steps of others inside one. */
function firstWrong(openRecords: Open): string | undefined {
  const [retiring, flushing] = [retire(openRecords), flush(openRecords)];
  const plans: readonly (readonly [outer: Step, first: Step, second: Step])[] = [
    [addAgain, retiring, flushing],
    [retiring, addAgain, flushing],
    [retiring, flushing, addAgain],
    [flushing, retiring, addAgain],
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

  test('keeps its lease where the agent is killed while it puts the entry back', () => {
    for (let survived = 0; ; survived += 1) {
      const [finished, ...found] = inScene((scene) => {
        const [dead] = open(scene, nodeFiles).journal.entries();
        let ended = false;
        const { files } = dyingFiles(nodeFiles, survived);
        // It was judged before, and is added at the moment at which it is taken away.
        const racing: Files = {
          ...files,
          move(from, to) {
            if (scene.lives === undefined) addAgain(scene, nodeFiles);
            return files.move(from, to);
          },
        };
        try {
          if (dead !== undefined) open(scene, racing).outbox.retireUnlessAdded(dead);
          ended = true;
        } catch {
          // Killed.
        }
        return [ended, wrong(scene)];
      });
      expect([survived, ...found]).toEqual([survived, undefined]);
      if (finished) break;
    }
  });
});

describe('the interleavings find out', () => {
  test('who releases what was added again', () => {
    const careless: Open = (scene, files) => {
      const { journal, outbox } = open(scene, files);
      const releases = join(scene.directory, 'releases');
      const toRelease = () => files.list(releases).map((nonce) => JSON.parse(files.read(join(releases, nonce)) ?? ''));
      return { journal, outbox: { ...outbox, toRelease } };
    };
    expect(firstWrong(careless)).toMatch('was released though it lives');
  });
});
