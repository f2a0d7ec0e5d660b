/** Installing on a host and taking it away again, in a directory that stands for the host's root. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agentUnit } from '../../../cni-shim/install/agent-unit.ts';
import { sampleConflist } from '../../../cni-shim/install/conflist.ts';
import { hostAt } from '../../../cni-shim/install/host.ts';
import { type Installation, install, type Step } from '../../../cni-shim/install/install.ts';
import { labelsFrom } from '../../../cni-shim/install/node-file.ts';
import { type Uninstallation, uninstall } from '../../../cni-shim/install/uninstall.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { libsqlDatabase, processDatabases } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { withFreshHost } from './fresh-host.ts';

const ENDPOINT = 'https://abc.execute-api.eu-central-1.amazonaws.com';
const VERSIONS = `#!/bin/sh\n[ "$CNI_COMMAND" = VERSION ] && echo '{"cniVersion":"1.1.0","supportedVersions":["1.0.0"]}'\n`;

let directory: string;
let root: string;
let executable: string;
let conflist: string;
let called: string[];

withFreshHost((fresh) => {
  ({ directory, root, conflist } = fresh);
  executable = join(directory, 'executable');
  writeFileSync(executable, VERSIONS);
  called = [];
});

const on = (path: string) => join(root, path);
const systemd = (runs: boolean, isThere = true) => ({
  isThere,
  runs,
  call: (...args: string[]) => void called.push(args.join(' ')),
});
type Change = Partial<Omit<Installation, 'settings'>> & { settings?: Partial<Installation['settings']> };
const put = ({ settings, ...change }: Change = {}): Step[] =>
  install({
    host: hostAt(root),
    executable,
    binDir: undefined,
    confDir: '/etc/cni/net.d',
    config: '/etc/lessor/node.json',
    conflist: undefined,
    systemd: undefined,
    dryRun: false,
    ...change,
    settings: { endpoint: ENDPOINT, labels: {}, ...settings },
  });
const takeAway = (change: Partial<Uninstallation> = {}): Step[] =>
  uninstall({
    host: hostAt(root),
    surroundings: machineUnderNode(),
    binDir: undefined,
    confDir: '/etc/cni/net.d',
    config: '/etc/lessor/node.json',
    conflist: undefined,
    systemd: systemd(false),
    purge: false,
    force: false,
    dryRun: false,
    ...change,
  });
const paths = (steps: readonly Step[]) => steps.map(({ path, outcome, what }) => `${outcome} ${path ?? what}`);
const json = (path: string) => JSON.parse(readFileSync(on(path), 'utf8'));
/** Every file and directory of the host, with its content. */
const everything = () =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(on(path)).isFile())
      .sort()
      .map((path) => [path, readFileSync(on(path), 'utf8')]),
  );

describe('an installation', () => {
  test('puts the executable first and the network configuration last, each readable by whom it concerns', () => {
    expect(paths(put({ conflist, systemd: systemd(false, false) }))).toEqual([
      'created /opt/cni/bin/lessor',
      'created /etc/lessor/node.json',
      'created /etc/lessor/installed.json',
      'created /var/lib/cni/lessor',
      'created /etc/systemd/system/lessor-agent.service',
      'created /etc/cni/net.d/10-pods.conflist',
    ]);
    const modes = ['opt/cni/bin/lessor', 'etc/lessor/node.json', 'etc/cni/net.d/10-pods.conflist'].map(
      (path) => statSync(on(path)).mode & 0o777,
    );
    expect(modes).toEqual([0o755, 0o644, 0o644]);
    expect(json('etc/lessor/node.json')).toEqual({ endpoint: ENDPOINT });
    expect(readFileSync(on('etc/cni/net.d/10-pods.conflist'), 'utf8')).toBe(sampleConflist);
  });

  test('changes nothing the second time, and says so', () => {
    put({ conflist, systemd: systemd(true) });
    const before = everything();
    const again = put({ conflist, systemd: systemd(true) });
    const files = again.filter(({ path }) => path !== undefined);
    expect(new Set(files.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));
    expect(everything()).toEqual(before);
  });

  test('puts a changed executable, and one whose mode somebody changed, in the place of the old one', () => {
    put();
    writeFileSync(executable, `${VERSIONS}# newer\n`);
    expect(paths(put())[0]).toBe('replaced /opt/cni/bin/lessor');
    chmodSync(on('opt/cni/bin/lessor'), 0o600);
    expect(paths(put())[0]).toBe('replaced /opt/cni/bin/lessor');
    expect(readFileSync(on('opt/cni/bin/lessor'), 'utf8')).toContain('# newer');
    writeFileSync(executable, `${VERSIONS}# newes\n`);
    expect(paths(put())[0]).toBe('replaced /opt/cni/bin/lessor');
  });

  test.each([
    ['answers something else', '#!/bin/sh\necho hello\n'],
    ['ends with an error', '#!/bin/sh\nexit 1\n'],
    ['is for another machine', '\x7fELF\x02\x01\x01 of another machine'],
  ])('leaves the old executable where the new one %s', (_, content) => {
    put();
    const before = everything();
    writeFileSync(executable, content);
    expect(() => put({ settings: { endpoint: 'https://other.example.com', region: 'eu-west-1' } })).toThrow(
      /does not answer VERSION .*: install the build for this processor and C library/,
    );
    expect(everything()).toEqual(before);
  });

  test('removes what an installation that was killed left, and nothing that another one is making', () => {
    const [old, young] = ['.lessor.new-0123456789abcdef', '.lessor.new-fedcba9876543210'].map((name) =>
      on(`opt/cni/bin/${name}`),
    ) as [string, string];
    for (const draft of [old, young]) writeFileSync(draft, 'a part');
    utimesSync(old, new Date(0), new Date(0));
    put();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  test('keeps of the node configuration what it is not given', () => {
    put({
      settings: { region: 'eu-west-1', dataDir: '/var/lib/other', labels: { kind: 'gpu', zone: 'a' }, profile: 'p' },
    });
    expect(paths(put({ settings: { endpoint: undefined } }))[1]).toBe('unchanged /etc/lessor/node.json');
    put({ settings: { endpoint: 'https://b.example.com', labels: { zone: 'b' }, credentialsFile: '/root/c' } });
    expect(json('etc/lessor/node.json')).toEqual({
      endpoint: 'https://b.example.com',
      region: 'eu-west-1',
      dataDir: '/var/lib/other',
      labels: { kind: 'gpu', zone: 'b' },
      credentials: { profile: 'p', file: '/root/c' },
    });
  });

  test('leaves a node configuration as somebody wrote it where nothing changes', () => {
    mkdirSync(on('etc/lessor'));
    const written = `{"endpoint":   "${ENDPOINT}"}`;
    writeFileSync(on('etc/lessor/node.json'), written);
    chmodSync(on('etc/lessor/node.json'), 0o644);
    put();
    expect(readFileSync(on('etc/lessor/node.json'), 'utf8')).toBe(written);
  });

  test('under another name of the network configuration leaves no old one beside it', () => {
    put({ conflist });
    const other = join(directory, '05-pods.conflist');
    writeFileSync(other, sampleConflist);
    expect(paths(put({ conflist: other })).slice(-2)).toEqual([
      'created /etc/cni/net.d/05-pods.conflist',
      'removed /etc/cni/net.d/10-pods.conflist',
    ]);
    expect(readdirSync(on('etc/cni/net.d'))).toEqual(['05-pods.conflist']);
  });

  test('finds the directory of Debian’s packages where there is no other', () => {
    rmSync(on('opt'), { recursive: true });
    mkdirSync(on('usr/lib/cni'), { recursive: true });
    expect(paths(put())[0]).toBe('created /usr/lib/cni/lessor');
  });

  test('only says with a dry run what it would do', () => {
    const before = everything();
    expect(paths(put({ conflist, systemd: systemd(true), dryRun: true }))).toContain(
      'created /etc/cni/net.d/10-pods.conflist',
    );
    expect(everything()).toEqual(before);
    expect(called).toEqual([]);
  });

  test.each<[string, () => Change, RegExp]>([
    ['no endpoint', () => ({ settings: { endpoint: undefined } }), /node\.json has no endpoint: give it: --endpoint/],
    [
      'an endpoint that is none',
      () => ({ settings: { endpoint: 'ftp://x' } }),
      /endpoint "ftp:\/\/x" in .* is no http/,
    ],
    ['no region', () => ({ settings: { endpoint: 'https://b.example.com' } }), /no region is configured/],
    ['a relative data directory', () => ({ settings: { dataDir: 'data' } }), /dataDir "data" .* is not absolute/],
    ['a relative directory', () => ({ binDir: 'bin' }), /--bin-dir "bin" is no absolute path/],
    ['a path that needs quoting', () => ({ config: '/etc/les sor/node.json' }), /--config .* is no absolute path/],
    [
      'a directory that is not there',
      () => ({ binDir: '/opt/bin' }),
      /no directory .*\/opt\/bin: create it.*--bin-dir/,
    ],
    [
      'no directory for network configurations',
      () => ({ confDir: '/etc/net.d', conflist }),
      /no directory .*\/etc\/net\.d: create it.*--conf-dir/,
    ],
    ['a network configuration that is not there', () => ({ conflist: '/nowhere/a.conflist' }), /does not exist/],
    [
      'a directory that cannot be written to',
      () => ({ host: hostAt('/'), binDir: '/proc' }),
      /\/proc\/lessor cannot be read or written/,
    ],
  ])('is refused, with nothing changed, for %s', (_, change, message) => {
    const before = everything();
    expect(() => put(change())).toThrow(message);
    expect(everything()).toEqual(before);
  });

  test.each([
    ['{', /is not a JSON object/],
    ['[]', /is not a JSON object/],
    ['{"name":"pods","ipam":{"type":"lessor"}}', /has no list "plugins"/],
    ['{"plugins":[{"type":"bridge","ipam":{"type":"host-local"}}]}', /has no plugin with "ipam": \{"type": "lessor"\}/],
  ])('is refused for the network configuration %s', (text, message) => {
    writeFileSync(conflist, text);
    expect(() => put({ conflist })).toThrow(message);
    expect(everything()).toEqual({});
  });

  test('takes no network configuration that a runtime would overlook', () => {
    const other = join(directory, 'pods.json');
    writeFileSync(other, sampleConflist);
    expect(() => put({ conflist: other })).toThrow('is not named *.conflist');
  });

  test('is refused where the node configuration is no JSON, which somebody may want to keep', () => {
    mkdirSync(on('etc/lessor'));
    writeFileSync(on('etc/lessor/node.json'), '{');
    expect(() => put()).toThrow('/etc/lessor/node.json is not a JSON object');
    expect(readFileSync(on('etc/lessor/node.json'), 'utf8')).toBe('{');
  });

  test('takes labels as key=value', () => {
    expect(labelsFrom(['a=b', 'c=d=e', 'f='])).toEqual({ a: 'b', c: 'd=e', f: '' });
    for (const text of ['a', '=b', '']) expect(() => labelsFrom([text])).toThrow(`--label ${JSON.stringify(text)}`);
  });
});

describe('the agent’s unit', () => {
  test('is the one in deploy/systemd where the paths are the usual ones', () => {
    put({ systemd: systemd(false) });
    const unit = readFileSync(new URL('../../../deploy/systemd/lessor-agent.service', import.meta.url), 'utf8');
    expect(readFileSync(on('etc/systemd/system/lessor-agent.service'), 'utf8')).toBe(unit);
  });

  test('names other paths, and may write to another data directory', () => {
    const unit = agentUnit({ executable: '/usr/lib/cni/lessor', config: '/etc/other.json', dataDir: '/data' });
    expect(unit).toContain('\nExecStart=/usr/lib/cni/lessor agent --config /etc/other.json\n');
    expect(unit).toContain('\nReadWritePaths=/data\n');
  });

  test('finds the data directory that it may write, since it does not start without', () => {
    put({ systemd: systemd(true), settings: { dataDir: '/srv/lessor' }, dryRun: true });
    expect(existsSync(on('/srv'))).toBe(false);
    put({ systemd: systemd(true), settings: { dataDir: '/srv/lessor' } });
    expect(statSync(on('/srv/lessor')).mode & 0o777).toBe(0o700);
  });

  test('is enabled and started, started anew where something changed, and stopped before it goes', () => {
    put({ systemd: systemd(true) });
    put({ systemd: systemd(true) });
    takeAway({ systemd: systemd(true) });
    expect(called).toEqual([
      'daemon-reload',
      'enable lessor-agent.service',
      'restart lessor-agent.service',
      'daemon-reload',
      'enable lessor-agent.service',
      'start lessor-agent.service',
      'disable --now lessor-agent.service',
      'daemon-reload',
    ]);
  });

  test('is enabled only, where systemd does not run the machine, and only written where there is no systemctl', () => {
    put({ systemd: systemd(false) });
    expect(called).toEqual(['enable lessor-agent.service']);
    expect(paths(put({ systemd: systemd(false, false) }))).not.toContain('enabled lessor-agent.service');
  });
});

describe('taking an installation away', () => {
  test('removes what was installed, the network configuration first, and keeps what is the node’s', () => {
    put({ conflist, systemd: systemd(false) });
    expect(paths(takeAway())).toEqual([
      'removed /etc/cni/net.d/10-pods.conflist',
      'stopped lessor-agent.service',
      'removed /etc/systemd/system/lessor-agent.service',
      'removed /opt/cni/bin/lessor',
      'removed /etc/lessor/installed.json',
    ]);
    expect(Object.keys(everything())).toEqual(['etc/lessor/node.json']);
    expect(paths(takeAway())).toEqual(['absent /etc/lessor/installed.json']);
  });

  test('touches no other network configuration, and takes one that is named', () => {
    for (const name of ['10-other.conflist', '20-mine.conflist']) writeFileSync(on(`etc/cni/net.d/${name}`), '{}');
    put();
    expect(paths(takeAway({ conflist: '20-mine.conflist' }))).toContain('removed /etc/cni/net.d/20-mine.conflist');
    expect(readdirSync(on('etc/cni/net.d'))).toEqual(['10-other.conflist']);
    expect(paths(takeAway({ conflist: '../../../etc/lessor/node.json' }))).toContain('absent /etc/cni/net.d/node.json');
  });

  test.each(['.', '../..', '/', 'etc/..'])('takes no directory away for the network configuration %j', (name) => {
    put({ conflist });
    const before = everything();
    expect(() => takeAway({ conflist: name })).toThrow(
      /^\/etc\/cni(\/net\.d)?\/? is a directory, and a file was to be removed: name the file in --conflist/,
    );
    expect(everything()).toEqual(before);
  });

  test('takes no directory away for an executable or a log', () => {
    put({ settings: { logFile: '/var/log' } });
    mkdirSync(on('/var/log'), { recursive: true });
    mkdirSync(on('/usr/share/lessor'), { recursive: true });
    for (const path of ['/var/log/syslog', '/usr/share/lessor/notes']) writeFileSync(on(path), '');
    const before = everything();
    expect(() => takeAway({ purge: true })).toThrow(/^\/var\/log is a directory/);
    expect(() => takeAway({ binDir: '/usr/share' })).toThrow(/^\/usr\/share\/lessor is a directory/);
    expect(everything()).toEqual(before);
  });

  test('only says with a dry run what it would do', () => {
    put({ conflist, systemd: systemd(true) });
    const before = everything();
    called = [];
    expect(paths(takeAway({ dryRun: true, purge: true, systemd: systemd(true) }))).toContain(
      'removed /etc/lessor/node.json',
    );
    expect(everything()).toEqual(before);
    expect(called).toEqual([]);
  });

  describe('with everything that the node keeps', () => {
    const dataDir = '/var/lib/cni/lessor';
    const attachment = { network: 'pods', containerId: 'c1', ifname: 'eth0' };
    function begin(): void {
      const { openDatabase, end } = processDatabases(libsqlDatabase);
      const { journal, bootId, journalId } = openRecords({ ...machineUnderNode(), openDatabase }, on(dataDir));
      journal.begin({ attachment, nonce: `${journalId}0123456789abcdef`, bootId }, () => []);
      end();
    }
    /** Without what SQLite has beside an open database. */
    const lasting = () =>
      Object.fromEntries(Object.entries(everything()).filter(([path]) => !/-(wal|shm)$/.test(path)));

    test('is refused while containers have addresses, with nothing changed, unless it is forced', () => {
      put({ conflist });
      begin();
      const before = lasting();
      expect(() => takeAway({ purge: true })).toThrow(/the addresses of 1 container, and .* lessor reconcile first/);
      expect(() => takeAway()).toThrow(/has the addresses of 1 container, which the runtime cannot end .* --force/);
      expect(lasting()).toEqual(before);
      expect(paths(takeAway({ force: true }))).toContain('removed /opt/cni/bin/lessor');
      takeAway({ purge: true, force: true });
      expect([everything(), existsSync(on(dataDir))]).toEqual([{}, false]);
    });

    test('leaves what is somebody else’s in the data directory, and takes a log that is elsewhere', () => {
      put({ settings: { logFile: '/var/log/lessor.log' } });
      const damaged = `${dataDir}/${machineUnderNode().machineId()}.damaged-1-2`;
      for (const path of [damaged, '/var/log']) mkdirSync(on(path), { recursive: true });
      for (const path of [
        `${damaged}/node.db`,
        `${dataDir}/credentials.json`,
        `${dataDir}/notes`,
        '/var/log/lessor.log.1',
        '/var/log/syslog',
      ])
        writeFileSync(on(path), '');
      takeAway({ purge: true });
      expect(Object.keys(everything())).toEqual(['var/lib/cni/lessor/notes', 'var/log/syslog']);
    });
  });
});
