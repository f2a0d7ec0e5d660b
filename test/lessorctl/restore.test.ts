/** `lessorctl backup`, `backups` and `restore`, by the AWS SDK's own requests. Each test goes on where the one before ended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Restoring, restoring } from './restoring.ts';

let at: Restoring;
beforeAll(async () => {
  at = await restoring();
}, 120_000);
afterAll(() => at?.stop());

describe('backup', () => {
  it('says what it would be, and changes nothing', async () => {
    const { code, stdout } = await at.type('backup --name before --dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Nothing was changed\. It would come to this:\n- backup before of \S+Leases\S+\n- backup before of \S+Pools\S+, after that one/,
    );
    expect(stdout).toContain('- 1 pool of all VRFs in before.pools.yaml');
    expect(stdout).toContain('can be restored to any second from');
    expect([at.plane.changes, at.files]).toEqual([[], {}]);
  });

  it('backs up the leases before the pools, and writes the pools as apply takes them', async () => {
    const { code, stdout } = await at.type('backup --name before');
    expect(code).toBe(0);
    expect(at.plane.changes).toEqual([`CreateBackup ${at.live.leases}`, `CreateBackup ${at.live.pools}`]);
    expect(parse(at.files['before.pools.yaml'] ?? '')).toMatchObject({ pools: [{ name: 'blue' }] });
    expect(await at.type('diff -f before.pools.yaml')).toMatchObject({ code: 0, stdout: 'Nothing differs.\n' });
    const [leasesAt = '', poolsAt = ''] = [...stdout.matchAll(/as of (\S+Z)/g)].map(([, time]) => time);
    expect(leasesAt < poolsAt).toBe(true);
  });

  it('does not take a name that is taken, or that is none', async () => {
    expect(await at.type('backup --name before')).toMatchObject({
      code: 21,
      stderr: 'lessorctl: --name before is taken: see lessorctl backups, and take another one\n',
    });
    expect((await at.type('backup --name a/b')).stderr).toContain('--name "a/b" is no name of a backup');
    expect((await at.type('backup --pools-table x')).stderr).toContain('only one of the two tables is named');
    expect(at.plane.changes).toHaveLength(2);
  });

  it('is told of a table that has no point-in-time recovery', async () => {
    const { stderr, stdout } = await at.type('backup --pools-table History --leases-table Other --dry-run');
    expect(stdout + stderr).toContain('warning: table Other has no point-in-time recovery: turn it on');
  });
});

describe('backups', () => {
  it('shows those of both tables, and which of them cannot be restored', async () => {
    at.clock.now += 3_600_000;
    await at.type(`backup --name half --pools-table nothing --leases-table ${at.live.leases}`);
    const { code, stdout } = await at.type('backups');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +AGE +STATE +WHY/);
    expect(stdout).toMatch(/before +1h\S* +whole +-/);
    expect(stdout).toMatch(/half +\S+ +unusable +it has no backup of the pools/);
    expect(stdout).toContain(`${at.live.pools} can be restored to any second from`);
    expect((await at.type('backups -o name')).stdout).toBe('before\nhalf\n');
  });
});

const time = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
const note = () => JSON.parse(at.files['lessor-restore.json'] ?? '{}');
const ADD = 'POST /v1/leases';

describe('restore', () => {
  let [asOf, targets] = ['', { pools: '', leases: '' }];
  let before: string[] = [];
  beforeAll(async () => {
    await at.plane.remember();
    at.clock.now += 1_000;
    asOf = time(at.clock.now);
    at.clock.now += 60_000;
    const suffix = `-at-${asOf.replaceAll(/[-:]/g, '')}`;
    targets = { pools: `${at.live.pools}${suffix}`, leases: `${at.live.leases}${suffix}` };
    before = [...at.plane.changes];
  });
  const since = () => at.plane.changes.slice(before.length);

  it('says what it would be and what is at risk, and changes nothing', async () => {
    const { code, stdout } = await at.type(`restore --time ${asOf}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Restore +to ${asOf}$`, 'm'));
    const steps = [...stdout.matchAll(/^(\w+) +(to do|waits|done) /gm)].map(([, name, state]) => `${name} ${state}`);
    expect(steps).toEqual([
      ...['note to do', 'close to do', 'restore to do', 'prepare to do', 'attach waits'],
      ...['look to do', 'lost to do', 'settings done', 'open to do'],
    ]);
    expect(stdout).toContain(`2 leases on 2 nodes were leased since ${asOf}`);
    expect(stdout).toContain('2 nodes have to look at the restored tables');
    expect(stdout).toContain('pool default/blue was made: its pods lose their addresses');
    expect(stdout).toContain(`leases: '${targets.leases}'`);
    expect(since()).toEqual([]);
    expect(at.files).not.toHaveProperty('lessor-restore.json');
  });

  it.each([
    ['restore --run', 'it is not said to which time: give --time or --backup'],
    ['restore --run --plan --time 1h', '--plan and --run are both given'],
    ['restore --time 1h --backup before', '--time and --backup are both given'],
    ['restore --time 3d', 'is not a time to which table'],
    ['restore --backup half', 'backup half cannot be restored: it has no backup of the pools'],
    ['restore --backup nothing', '--backup nothing is not there: see lessorctl backups'],
    ['restore --time 1h --endpoint http://127.0.0.1:9', 'give --stack'],
  ])('refuses %s', async (line, text) => {
    const { code, stderr } = await at.type(line, line.includes('--endpoint') ? { env: { LESSOR_STACK: '' } } : {});
    expect([code, stderr]).toEqual([21, expect.stringContaining(text)]);
    expect(since()).toEqual([]);
  });

  it('closes nothing that the user does not want closed', async () => {
    const asked = await at.type(`restore --run --time ${asOf}`, { answers: ['n'] });
    expect(asked).toMatchObject({ code: 21, stderr: expect.stringContaining('Close HTTP API abc123?') });
    expect((await at.type(`restore --run --time ${asOf}`)).stderr).toContain('nobody can be asked');
    expect(since()).toEqual([]);
    expect(note()).toMatchObject({
      time: asOf,
      nodes: at.stack.nodes.map(({ nodeId }) => nodeId),
      throttle: { rate: 2000 },
    });
  });

  it('begins nothing twice where it was interrupted, and stops where somebody has to deploy', async () => {
    at.plane.looksUntilReady = 4;
    const interrupted = await at.type(`restore --run --time ${asOf}`, { answers: ['y'], pauses: 1 });
    expect(interrupted.code).toBe(1);
    expect(at.plane.http.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 });
    expect((await at.type('restore --run --time 30m')).stderr).toContain(`is of a restore to ${asOf} that is not over`);

    at.plane.refuseOnce('UpdateContinuousBackups', 'ContinuousBackupsUnavailableException');
    const { code, stdout } = await at.type('restore --run');
    expect([code, since()]).toEqual([
      1,
      [
        'UpdateStage',
        `RestoreTableToPointInTime ${targets.leases}`,
        `RestoreTableToPointInTime ${targets.pools}`,
        ...[
          `UpdateContinuousBackups ${targets.leases}`,
          `UpdateTable ${targets.leases}`,
          `UpdateTable ${targets.leases}`,
        ],
        // Pools has a stream too, since the live table has one.
        ...[`UpdateContinuousBackups ${targets.pools}`, `UpdateTable ${targets.pools}`, `UpdateTable ${targets.pools}`],
      ],
    ]);
    expect(stdout).toMatch(new RegExp(`leasesStreamArn: 'arn:\\S+${targets.leases}/stream/\\S+',$`, 'm'));
    expect(stdout).toMatch(new RegExp(`poolsStreamArn: 'arn:\\S+${targets.pools}/stream/\\S+',$`, 'm'));
    expect(await at.type('restore --run')).toMatchObject({ code: 1 });
    expect(since()).toHaveLength(9);
  });

  it('closes again what a deployment opened too early: then nodes are to look anew', async () => {
    at.deploy({ PoolsTable: targets.pools, LeasesTable: targets.leases, Throttle: '2000/1000' });
    at.plane.http.DefaultRouteSettings = { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 };
    const closedAt = note().closedAt;
    const { code, stdout, stderr } = await at.type('restore --run', { answers: ['y'], pauses: 0 });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('the settings have no throttle of 0: the next deployment may open the API');
    expect(at.plane.http.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 0 });
    expect(note().closedAt > closedAt).toBe(true);
  });

  it('opens all routes but one once each agent has found the API closed, and waits for every node', async () => {
    at.deploy({ Throttle: '0/0' });
    let opened = 0;
    const onPause = async () => {
      const isOpen = at.plane.http.DefaultRouteSettings.ThrottlingRateLimit === 2000;
      if (!isOpen || opened !== 0) return;
      opened = at.clock.now;
      expect(at.plane.http.RouteSettings[ADD]).toMatchObject({ ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 });
      await at.heartbeat(0);
    };
    const { code, stderr } = await at.type('restore --run --timeout 1m', { onPause });
    expect(opened - Date.parse(note().closedAt)).toBeGreaterThanOrEqual(12 * 60_000);
    const [first, second] = at.stack.nodes.map(({ nodeId }) => nodeId);
    const said = `1 are looking: ${first}; 1 were not heard of: ${second}`;
    expect([code, stderr]).toEqual([33, expect.stringContaining(said)]);
    expect(note()).not.toHaveProperty('lookedAt');
  });

  it('opens nothing while it is not known that no lease is lost, unless the user agrees', async () => {
    const journal = { attachments: 1, held: 1, mayHold: 1, local: 0, outbox: 0, lost: 2, blocks: 0 };
    await at.heartbeat(1, { ...journal, reconciledAt: new Date().toISOString() });
    at.clock.now = Date.now() + 180_000;
    expect(await at.type('restore --run', { answers: ['n'] })).toMatchObject({
      code: 21,
      stderr: expect.stringMatching(
        /2 of node i-0123456789abcdef1: delete those containers[\s\S]*- of 1 nodes the service is not told: sum\(lessor_leases_lost\) has to be 0/,
      ),
    });
    const agreed = await at.type('restore --run', { answers: ['y'] });
    expect(agreed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Take throttle: { rate: 0, burst: 0 } out'),
    });
    expect(at.plane.http.RouteSettings).toHaveProperty(ADD);
  });

  it('opens the API when the settings are deployed, says what is to be done again, and is over', async () => {
    at.deploy({ Throttle: '2000/1000' });
    const done = await at.type('restore --run', { answers: ['y'] });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('pool default/blue was made') });
    expect(at.plane.http).toEqual({
      DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 },
      RouteSettings: {},
    });
    expect(since().slice(9)).toEqual(['UpdateStage', 'UpdateStage', `DeleteRouteSettings ${ADD}`]);
    expect(await at.type('restore --run')).toMatchObject({ code: 0 });
    expect(since()).toHaveLength(12);
  });

  it('can be from backups, and then another one is begun', async () => {
    // Backups are of the table that they were made of, attached or not.
    expect((await at.type('restore --backup before')).stderr).toContain('--backup before is not there');
    const of = `--backup before --pools-table ${at.live.pools} --leases-table ${at.live.leases}`;
    const { code, stdout } = await at.type(`restore ${of}`);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Restore +from backup before, of /m)]);
    expect(stdout).toMatch(/^close +to do /m);
    const { stderr } = await at.type(`restore --run ${of} --yes`);
    expect(stderr).toContain('attach: attached is');
    expect(since().slice(12, 15)).toEqual([
      'UpdateStage',
      expect.stringMatching(/^RestoreTableFromBackup \S*Leases\S*-at-\d{8}T\d{6}Z$/),
      expect.stringMatching(/^RestoreTableFromBackup \S*Pools\S*-at-\d{8}T\d{6}Z$/),
    ]);
  });
});
