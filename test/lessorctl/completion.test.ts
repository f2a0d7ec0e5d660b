/** What a shell offers while a command line is typed. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../lessorctl/command-line/completion.ts';
import { control } from './control.ts';

const asked: unknown[] = [];
const offered = async (line: string) => {
  const found = await candidates(line.split(' '), async (kind, options) => {
    asked.push([kind, options]);
    return { pool: ['blue', 'black', 'shop'], node: ['i-0'], vrf: ['default', 'red'] }[kind];
  });
  return found.map(({ text }) => text);
};

describe('completion offers', () => {
  it.each<[string, readonly string[]]>([
    ['po', ['pools', 'pool']],
    ['pool d', ['drain', 'delete']],
    ['pool bl', ['blue', 'black']],
    ['pool drain bl', ['blue', 'black']],
    ['pool drain --wait --timeout 1h s', ['shop']],
    ['forecast blue bl', ['black']],
    ['node declare-dead ', ['i-0']],
    ['-o j', ['json']],
    ['pools --output w', ['wide']],
    ['usage blue --by n', ['node', 'namespace']],
    ['pools --v', ['--vrf']],
    ['pools --vrf r', ['red']],
    ['leases --node i', ['i-0']],
    ['pools --w', ['--watch']],
    ['pool delete --y', ['--yes']],
    ['completion ', ['bash', 'zsh', 'fish', 'kubectl']],
    ['history address 10', []],
    ['nothing like this ', []],
  ])('of %j', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });

  it('names of the service that is meant', async () => {
    asked.length = 0;
    await offered('--vrf red pool drain --endpoint=https://x ');
    expect(asked).toEqual([['pool', { vrf: 'red', endpoint: 'https://x' }]]);
  });

  it('nothing where the service is not known', async () => {
    expect(await control(['__complete', 'pool', 'drain', ''])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await control(['__complete', 'wh'])).stdout).toBe('who\tsays who has an address, or had it at a time\n');
  });
});

describe('the script', () => {
  it('of bash completes', async () => {
    const { stdout } = await control('completion bash');
    // What the executable would print stands in its place.
    const script = `lessorctl() { printf asked; printf ' %s' "$@"; printf '\\thelp\\n'; }\n${stdout}\nCOMP_WORDS=(lessorctl pool dr); COMP_CWORD=2; _lessorctl; echo "\${COMPREPLY[0]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('asked __complete pool dr\n');
  });

  it('of kubectl ends as kubectl wants it', async () => {
    expect((await control('completion kubectl')).stdout).toMatch(/^#!\/bin\/sh\n.*\necho :4\n$/s);
  });

  it('is there for three shells', async () => {
    expect((await control('completion zsh')).stdout).toMatch(/^#compdef lessorctl$/m);
    expect((await control('completion fish')).stdout).toMatch(/^complete -c lessorctl/);
    expect(await control('completion csh')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('bash, zsh, fish, kubectl'),
    });
  });
});
