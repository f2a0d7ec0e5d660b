/** Evidence of a container's end: what would be mistaken for it frees nothing. */
import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';
import type { NodeRecords } from '../../../cni-shim/node/node-records.ts';
import { findDeadSandboxes, livingNamespaces, sandboxOf } from '../../../cni-shim/sync/dead-sandboxes.ts';

const NETNS = '/run/netns/cni-1';
const entry = (change: Partial<JournalEntry> = {}): JournalEntry => ({
  attachment: { network: 'net', containerId: 'c1', ifname: 'eth0' },
  nonce: 'n',
  attempts: 1,
  bootId: 'boot-1',
  netns: NETNS,
  sandbox: { directory: '25:1', namespace: '4:4026532177' },
  ...change,
});
/** Paths that lead somewhere; a directory's names are those of the paths below it. */
const files = (there: Record<string, string>) => ({
  identity: (path: string) => there[path],
  list: (directory: string) =>
    Object.keys(there)
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => path.slice(directory.length + 1).split('/')[0] ?? ''),
});
const here = (...namespaces: string[]) => ({
  bootId: 'boot-1',
  isAlive: (namespace: string) => namespaces.includes(namespace),
});
const DIRECTORY = { '/run/netns': '25:1' };

describe('the sandbox of a container', () => {
  test('is alive while its file leads to its namespace', () => {
    expect(sandboxOf(files({ ...DIRECTORY, [NETNS]: '4:4026532177' }), entry(), here())).toBe('alive');
  });

  test('is gone where its file is not in the directory any more and no process is in its namespace', () => {
    expect(sandboxOf(files(DIRECTORY), entry(), here('4:1'))).toBe('gone');
  });

  test('is alive while a process is in its namespace, whatever became of the file', () => {
    expect(sandboxOf(files(DIRECTORY), entry(), here('4:4026532177'))).toBe('alive');
  });

  test('is gone after a reboot', () => {
    expect(sandboxOf(files({ ...DIRECTORY, [NETNS]: '4:4026532177' }), entry({ bootId: 'boot-0' }), here())).toBe(
      'gone',
    );
  });

  test.each<[string, Record<string, string>, Partial<JournalEntry>]>([
    ['the directory is not there, as in a container without that mount', {}, {}],
    ['the directory is another one, as in a container that has its own', { '/run/netns': '99:1' }, {}],
    ['its file leads to something else, as where mounts are not passed on', { ...DIRECTORY, [NETNS]: '25:7' }, {}],
    ['the plugin did not see the namespace', DIRECTORY, { sandbox: undefined as never }],
    ['the runtime named no namespace', DIRECTORY, { netns: undefined as never }],
  ])('is unknown where %s', (_, there, change) => {
    expect(sandboxOf(files(there), entry(change), here())).toBe('unknown');
  });

  test.each<[string, Partial<JournalEntry>]>([
    ['its namespace is gone', {}],
    ['the machine has booted since', { bootId: 'boot-0' }],
  ])('is unknown where %s and only a DEL releases', (_, change) => {
    expect(sandboxOf(files(DIRECTORY), entry({ ...change, release: 'del' }), here())).toBe('unknown');
  });

  test('is unknown where the directory may not be read', () => {
    const denied = {
      ...files(DIRECTORY),
      list: () => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'scandir' });
      },
    };
    expect(sandboxOf(denied, entry(), here())).toBe('unknown');
  });
});

test('the namespaces in which processes are come from /proc, without those that may not be looked at', () => {
  const there = files({
    '/proc/1/ns/net': '4:1',
    '/proc/20/ns/net': '4:2',
    '/proc/21/stat': 'x',
    '/proc/self/ns/net': '4:9',
  });
  expect(livingNamespaces(there)).toEqual(new Set(['4:1', '4:2']));
});

describe('a namespace whose number the kernel gave to another one', () => {
  const other = (containerId: string, netns: string) =>
    entry({ attachment: { network: 'net', containerId, ifname: 'eth0' }, nonce: containerId, netns });
  const dead = (entries: JournalEntry[], there: Record<string, string>) => {
    const surroundings = { files: files(there), now: () => 1000 } as never;
    const records = { journal: { entries: () => entries } } as unknown as NodeRecords;
    const found = findDeadSandboxes({ surroundings, bootId: 'boot-1' }, records, new Map(), 0);
    return found.dead.map((one) => one.entry.attachment.containerId);
  };
  const inUse = { ...DIRECTORY, '/proc/7/ns/net': '4:4026532177' };

  test('is no sign of life of the container that had it, where the journal knows whose it is now', () => {
    const there = { ...inUse, '/run/netns/cni-2': '4:4026532177' };
    expect(dead([entry(), other('c2', '/run/netns/cni-2')], there)).toEqual(['c1']);
  });

  test('stays a sign of life where nobody else has it, or the same container in another network', () => {
    expect(dead([entry()], inUse)).toEqual([]);
    const there = { ...inUse, '/run/netns/cni-2': '4:4026532177' };
    expect(dead([entry(), other('c1', '/run/netns/cni-2')], there)).toEqual([]);
  });
});
