/** lessorctl as a process: its exit code, its streams, and what nobody reads. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const start = (command: string) =>
  spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', LESSOR_ENDPOINT: 'nowhere' },
  });
const CTL = `'${process.execPath}' --import tsx lessorctl/main.ts`;

describe('the process', () => {
  it('ends with the exit code, and says on standard error what is wrong', () => {
    expect(start(`${CTL} pools`)).toMatchObject({
      status: 21,
      stdout: '',
      stderr:
        'lessorctl: LESSOR_ENDPOINT "nowhere" is no URL of an API: write it like https://<id>.execute-api.<region>.amazonaws.com\n',
    });
  });

  it('does not mind that nobody reads on', () => {
    expect(start(`${CTL} pool create --help | head -n 1`)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: 'Usage: lessorctl pool create [options] <pool> [subnets...]\n',
    });
  });

  it('reads standard input', () => {
    expect(
      start(`echo 'pools: 7' | LESSOR_ENDPOINT=https://x.execute-api.eu-central-1.amazonaws.com ${CTL} apply -f -`),
    ).toMatchObject({
      status: 21,
      stderr: 'lessorctl: standard input.pools: must be array, not 7: see lessorctl export for how pools are written\n',
    });
  });

  it('says which file it cannot read', () => {
    expect(start(`${CTL} apply --endpoint http://127.0.0.1:9 --region eu-central-1 -f /`)).toMatchObject({
      status: 35,
      stdout: '',
      stderr: expect.stringMatching(/^lessorctl: a file cannot be read or written \(EISDIR: .*\)\n$/),
    });
  });
});
