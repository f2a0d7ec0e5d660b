/** For each test of a file a directory that stands for a host's root, and what is to be installed there beside it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { sampleConflist } from '../../../cni-shim/install/conflist.ts';

interface FreshHost {
  readonly directory: string;
  /** In it; with the directories that a runtime looks in. */
  readonly root: string;
  /** Beside the root: path of a network configuration. */
  readonly conflist: string;
}

/** On the host. */
export const BIN_DIR = '/opt/cni/bin';
export const CONF_DIR = '/etc/cni/net.d';

/** @param take is given it before each test; it ends with it */
export function withFreshHost(take: (fresh: FreshHost) => void): void {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lessor-install-'));
    const root = join(directory, 'host');
    for (const one of [BIN_DIR, CONF_DIR]) mkdirSync(join(root, one), { recursive: true });
    const conflist = join(directory, '10-pods.conflist');
    writeFileSync(conflist, sampleConflist);
    take({ directory, root, conflist });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
}
