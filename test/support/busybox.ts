/** A busybox that needs nothing else: all that the tests' own images have in them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs where there is nothing else, as in an image. */
function staticBusybox(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-busybox-'));
  try {
    return ['/bin/busybox', '/usr/bin/busybox'].find((path) => {
      if (spawnSync('cp', [path, join(directory, 'busybox')], { stdio: 'ignore' }).status !== 0) return false;
      return spawnSync('chroot', [directory, '/busybox', 'true'], { stdio: 'ignore' }).status === 0;
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const missingBusybox = (): string[] =>
  staticBusybox() === undefined ? ['a static busybox (apt-get install busybox-static)'] : [];

/** A tar archive with `/busybox`. @param directory to be made, for what goes into it */
export function busyboxArchive(directory: string): Buffer {
  mkdirSync(directory);
  copyFileSync(staticBusybox() ?? 'busybox', join(directory, 'busybox'));
  return archive(directory);
}

/** A tar archive of what is in a directory. */
export function archive(directory: string): Buffer {
  const { status, stdout, stderr } = spawnSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return stdout;
}
