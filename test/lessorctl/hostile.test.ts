/** What a stranger may put into names, files and pods, and where a call may be cut off: nothing else comes of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceAt } from '../../lessorctl/api/service.ts';
import { closeStep } from '../../lessorctl/backup/closing-steps.ts';
import type { RestoreNote } from '../../lessorctl/backup/restore-note.ts';
import type { RestoreParts } from '../../lessorctl/backup/restore-parts.ts';
import { carryOut } from '../../lessorctl/command-line/carry-out.ts';
import { nodeMeant } from '../../lessorctl/commands/node-meant.ts';
import { nodeRunner } from '../../lessorctl/commands/on-node.ts';
import { readPools } from '../../lessorctl/commands/pools-file.ts';
import { supportBundle } from '../../lessorctl/commands/support-bundle.ts';
import { agentOn, conflistOn } from '../../lessorctl/kubernetes/agent.ts';
import { paintFor } from '../../lessorctl/print/colours.ts';
import { formatted } from '../../lessorctl/print/formats.ts';
import { progressOf } from '../../lessorctl/session/progress.ts';
import { processShell } from '../../lessorctl/shell/process-shell.ts';
import { agentPod, type KubernetesObject, kubectlOf } from './cluster.ts';

describe('a pod of a tenant', () => {
  it('that is labelled as the agent is not taken for it', async () => {
    const own = agentPod('worker-1');
    const posing = {
      ...own,
      metadata: { ...own.metadata, name: 'posing', namespace: 'a-tenant' },
      spec: { ...own.spec, hostNetwork: false },
    } as KubernetesObject;
    const both = await agentOn({ execute: kubectlOf([posing, own]) }, 'worker-1', undefined);
    expect(both).toMatchObject({ found: { namespace: 'kube-system' } });
    const alone = await agentOn({ execute: kubectlOf([posing]) }, 'worker-1', undefined);
    expect(alone).toEqual({ why: "no pod of Lessor's agent runs on worker-1" });
  });

  it('gives kubectl no option by the name of its ConfigMap', async () => {
    const calls: (readonly string[])[] = [];
    const execute = async (_: string, args: readonly string[]) => {
      calls.push(args);
      return { code: 0, stdout: '{}', stderr: '' };
    };
    const conflist = { configMap: '--server=http://elsewhere', file: 'a.conflist' };
    const agent = { namespace: 'kube-system', name: 'lessor', config: [], dataDirs: [], conflist };
    expect(await conflistOn({ execute }, agent, undefined)).toHaveProperty('why');
    expect(calls).toEqual([]);
  });
});

describe('control characters', () => {
  const name = 'a\u009b2Jb\u007f\u001b]0;c\u0007\u202ed\u2028';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/;
  const place = { columns: undefined, paint: paintFor({ env: {}, columns: undefined }) };
  const outcome = { document: { name }, names: [name], view: () => [] };

  it('are escaped in JSON and YAML, which still say the same, and shown in names', async () => {
    const [json, yaml] = [await formatted(outcome, 'json', place), await formatted(outcome, 'yaml', place)];
    for (const text of [json, yaml, await formatted(outcome, 'name', place)]) expect(text).not.toMatch(control);
    expect([JSON.parse(json), parse(yaml)]).toEqual([{ name }, { name }]);
  });

  it('are escaped in YAML also where it would need no quotes', async () => {
    const turned = { names: ['\u202eweb', 'web\u200f'] };
    const yaml = await formatted({ ...outcome, document: turned }, 'yaml', place);
    expect(yaml).toBe('names:\n  - "\\u202eweb"\n  - "web\\u200f"\n');
    expect(parse(yaml)).toEqual(turned);
  });

  it('are not sent with what is said of long work', () => {
    let said = '';
    let now = 0;
    const complain = (text: string) => {
      said += text;
    };
    const progress = progressOf({ showsProgress: true, complain, now: () => now });
    now = 1_000;
    progress.tell(`waiting for ${name}`);
    expect(said).toBe('\r\u001b[2Kwaiting for a·2Jb··]0;c··d·…');
  });
});

describe('a file of pools', () => {
  it.each([
    [
      'aliases of aliases',
      `${'abcdefghi'.replace(/./g, (to, at) => `${to}: &${to} [${at ? Array(9).fill(`*${'abcdefghi'[at - 1]}`) : 'x'}]\n`)}`,
    ],
    ['an alias of nothing', 'pools: *nothing\n'],
  ])('with %s is wrong, and no fault', async (_, text) => {
    const read = readPools(['-'], 'default', { read: async () => text } as never);
    await expect(read).rejects.toMatchObject({ code: 'request.invalid', what: expect.stringContaining('is no YAML') });
  });
});

describe('a name that is another path', () => {
  it.each(['', '.', '..'])('%j is not asked for', async (pool) => {
    const asked: unknown[] = [];
    const fetch = async (url: unknown) => {
      asked.push(url);
      return new Response('{}');
    };
    const shell = { now: Date.now, random: () => 0, sleep: async () => {} };
    const keys = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret' });
    const access = { endpoint: 'https://a.example', region: 'eu-central-1', keys, shell, fetch: fetch as never };
    const read = serviceAt(access).ask('deletePool', { path: { pool } });
    await expect(read).rejects.toMatchObject({ code: 'request.invalid' });
    expect(asked).toEqual([]);
  });
});

describe('a bundle for support', () => {
  it('masks accounts, and no number of as many digits', async () => {
    const pool = { name: 'wide', capacity: 137_438_953_472, by: 'arn:aws:iam::123456789012:user/a' };
    const api = {
      async *pages(name: string) {
        yield name === 'listPools' ? { pools: [pool] } : { nodes: [], entries: [] };
      },
      ask: async () => ({ deaths: [], pool: 'wide' }),
    };
    const session = {
      service: async () => api,
      target: async () => ({ endpoint: 'https://a.example', region: 'eu-central-1', vrf: 'default' }),
      shell: { now: () => 0 },
      progress: { tell: () => {}, clear: () => {} },
    };
    const { document } = await supportBundle.run({} as never, session as never);
    expect(document).toMatchObject({ pools: [{ ...pool, by: 'arn:aws:iam::************:user/a' }] });
  });
});

describe('a file that is written', () => {
  const directory = () => mkdtempSync(join(tmpdir(), 'lessorctl-'));

  it('goes through no link that somebody laid beside it, and only its owner reads it', async () => {
    const at = directory();
    const [other, note] = [join(at, 'other'), join(at, 'note.json')];
    writeFileSync(other, 'as it was');
    symlinkSync(other, `${note}.${process.pid}`);
    await processShell().write(note, 'new');
    expect([readFileSync(other, 'utf8'), readFileSync(note, 'utf8')]).toEqual(['as it was', 'new']);
    expect(statSync(note).mode & 0o777).toBe(0o600);
  });

  it('takes the place of no pipe and no device, and leaves nothing where it cannot be written', async () => {
    const at = directory();
    const [pipe, taken] = [join(at, 'pipe'), join(at, 'taken')];
    spawnSync('mkfifo', [pipe]);
    spawnSync('mkdir', [taken]);
    const { open } = await import('node:fs/promises');
    const reader = await open(pipe, 'r+');
    await processShell().write(pipe, 'new');
    expect(statSync(pipe).isFIFO()).toBe(true);
    expect((await reader.read(Buffer.alloc(3))).buffer.toString()).toBe('new');
    await reader.close();
    await expect(processShell().write(taken, 'new')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(at).sort()).toEqual(['pipe', 'taken']);
  });
});

describe('nobody reads what went wrong', () => {
  it('and the exit code says it all the same', () => {
    const line = `'${process.execPath}' --import tsx lessorctl/main.ts pools --endpoint nowhere; echo $? >&3`;
    const { output } = spawnSync('bash', ['-c', `{ ${line}; } 3>&1 >/dev/null 2> >(exec 0<&- 2>&-; exit 0)`], {
      encoding: 'utf8',
    });
    expect(output[1]).toBe('21\n');
  });
});

describe('nobody reads on', () => {
  it('and the exit code still says what was found', async () => {
    const print = "import('./lessorctl/shell/process-shell.ts').then((all) => all.processShell().print('found', 3))";
    const line = `'${process.execPath}' --import tsx -e "${print}"`;
    const { stdout } = spawnSync('bash', ['-c', `${line} | exec 0<&-; echo \${PIPESTATUS[0]}`], { encoding: 'utf8' });
    expect(stdout).toBe('3\n');

    let ended: number | undefined;
    const shell = { env: {}, showsProgress: false, now: Date.now, complain: () => {} };
    const said = (_: string, exitCode?: number) => {
      ended = exitCode;
    };
    const found = { run: async () => ({ document: {}, names: [], view: () => [], exitCode: 3 }) };
    await carryOut({ ...shell, print: said } as never, false, found as never, {}, { output: 'json' });
    expect(ended).toBe(3);
  });
});

describe('a node that answers with something else than JSON', () => {
  it('is said to, and is no fault of lessorctl', async () => {
    const execute = kubectlOf([agentPod('worker-1')], () => ({ code: 0, stdout: 'hello', stderr: '' }));
    const session = { shell: { execute }, context: undefined } as never;
    const run = await nodeRunner(session, { named: 'i-1', name: 'worker-1' }, 'lessor leave');
    await expect(run(['leave'])).rejects.toMatchObject({ code: 'service.fault' });
  });
});

describe('a name that several nodes have', () => {
  const node = (id: string, alive: boolean) => ({ node: id, name: 'worker-1', alive });
  const meant = (...pages: readonly object[][]) => {
    const api = {
      async *pages() {
        for (const nodes of pages) yield { nodes };
      },
    };
    return nodeMeant(api as never, 'worker-1');
  };

  it('means none of them where two live, as in two clusters: they are to be named by id', async () => {
    await expect(meant([node('i-1', true)], [node('i-2', true)])).rejects.toMatchObject({
      code: 'request.invalid',
      remedy: expect.stringContaining('i-1, i-2'),
    });
  });

  it('means the one that lives, else one that is known', async () => {
    expect(await meant([node('i-1', false)], [node('i-2', true)], [node('i-3', false)])).toMatchObject({ node: 'i-2' });
    expect(await meant([node('i-1', false)])).toMatchObject({ node: 'i-1' });
    expect(await meant([])).toBeUndefined();
  });
});

describe('closing the API again, cut off in the middle', () => {
  it.each([0, 1])('leaves no note that nodes have looked (%i notes are kept)', async (kept) => {
    const at = '2026-01-31T12:00:00.000Z';
    let note = { closedAt: at, openedAt: at, lookedAt: at } as RestoreNote;
    let left = kept;
    let isClosed = false;
    const notes = {
      get current() {
        return note;
      },
      async keep(next: RestoreNote) {
        if (left-- === 0) throw new Error('killed');
        note = next;
      },
    };
    const close = async () => {
      isClosed = true;
    };
    const stage = { name: 'the API', read: async () => ({ others: [] }), close };
    const parts = { notes, stage, now: Date.now } as unknown as RestoreParts;
    await expect(closeStep({} as never, parts).carryOut?.()).rejects.toThrow('killed');
    // A closed API passes for done: then there is nothing that would take it away later.
    if (isClosed) expect(note).toEqual({});
    else expect(note).toHaveProperty('openedAt');
  });
});
