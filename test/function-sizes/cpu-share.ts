/** The processor's share that Lambda gives a function of a memory size, by a control group of Linux. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Lambda developer guide, "Configure Lambda function memory": so much memory comes with the equivalent of one vCPU. */
const MB_OF_A_PROCESSOR = 1769;
/** As short as Lambda's own (Wang et al., "Peeking behind the curtains of serverless platforms", USENIX ATC 2018). */
const PERIOD_US = 20_000;

/** The hierarchies in which a quota can be set, the unified one first. What else runs here takes nothing of the share. */
const HIERARCHIES = [
  {
    root: '/sys/fs/cgroup',
    has: 'cgroup.subtree_control',
    quota: (us: number) => ({ 'cpu.max': `${us} ${PERIOD_US}` }),
  },
  {
    root: '/sys/fs/cgroup/cpu',
    has: 'cpu.cfs_quota_us',
    quota: (us: number) => ({
      'cpu.cfs_period_us': String(PERIOD_US),
      'cpu.cfs_quota_us': String(us),
      'cpu.shares': '262144',
    }),
  },
] as const;

export interface CpuShare {
  /** The file in which a process writes its id to have the share, and no more, with all that it starts. */
  readonly processes: string;
  /** Once none of its processes is left. */
  remove(): Promise<void>;
}

let made = 0;

/** Undefined where this user may set none on this machine. */
export function cpuShare(memoryMb: number): CpuShare | undefined {
  for (const { root, has, quota } of HIERARCHIES) {
    if (!existsSync(join(root, has))) continue;
    const path = join(root, `lessor-${process.pid}-${made++}`);
    try {
      if (has === 'cgroup.subtree_control') writeFileSync(join(root, has), '+cpu');
      mkdirSync(path);
      const us = Math.round((memoryMb / MB_OF_A_PROCESSOR) * PERIOD_US);
      for (const [file, value] of Object.entries(quota(us))) writeFileSync(join(path, file), value);
    } catch {
      if (existsSync(path)) rmdirSync(path);
      continue;
    }
    return { processes: join(path, 'cgroup.procs'), remove: () => removed(path) };
  }
  return undefined;
}

/** The kernel forgets a process a moment after its parent has heard of its end. */
async function removed(path: string): Promise<void> {
  for (let tries = 50; ; tries -= 1) {
    try {
      return rmdirSync(path);
    } catch (busy) {
      if (tries === 0) throw busy;
      await delay(20);
    }
  }
}
