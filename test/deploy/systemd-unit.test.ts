import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';

const unit = readFileSync(fileURLToPath(new URL('../../deploy/systemd/lessor-agent.service', import.meta.url)), 'utf8');
const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
/** Of 10; what reads the process table and talks to the network as root has some. */
const MOST_EXPOSED = '30';

describe.skipIf(!available('the systemd unit', analyze('--version').error === undefined ? [] : ['systemd-analyze']))(
  'the systemd unit',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    /** With an executable that every machine has. */
    const written = (text: string) => {
      const path = join(directory, 'lessor-agent.service');
      writeFileSync(path, text.replace('/opt/cni/bin/lessor', '/bin/true'));
      return path;
    };
    const verdict = (text: string) => analyze('verify', '--man=no', written(text)).stderr;
    const exposure = (text: string) =>
      analyze('security', '--offline=yes', `--threshold=${MOST_EXPOSED}`, written(text)).status;

    it('holds nothing that systemd does not understand', () => {
      expect(verdict(unit)).toBe('');
    });

    it('exposes little', () => {
      expect(exposure(unit)).toBe(0);
    });

    it('would be found wrong with a misspelt setting, or with all capabilities and system calls', () => {
      expect(verdict(unit.replace('ProtectClock', 'ProtectClok'))).toContain('ProtectClok');
      expect(exposure(unit.replace(/^(CapabilityBoundingSet|SystemCallFilter|ProtectSystem)=.*\n/gm, ''))).not.toBe(0);
    });
  },
);
