/** lessorctl as a user calls it, in this process: with the AWS SDK's credential chain, and requests that are really signed. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { run } from '../../lessorctl/command-line/run.ts';
import type { Ran, Shell } from '../../lessorctl/shell/shell.ts';
import type { AccessKeys } from '../../local/aws/identities.ts';

export interface ControlOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** By path; `-` is standard input. What is written is put there. */
  readonly files?: Record<string, string>;
  /** Of the terminal; a pipe if left out. */
  readonly columns?: number;
  /** What the user answers, question by question. */
  readonly answers?: readonly (string | (() => Promise<string>))[];
  /** What happens meanwhile, each time that it waits. */
  readonly onPause?: () => Promise<unknown>;
  /** After so many pauses the user interrupts. */
  readonly pauses?: number;
  readonly execute?: Shell['execute'];
  readonly now?: () => number;
  /** As it is called. */
  readonly name?: string;
}

/** What the user is asked is on standard error. */
export async function control(line: string | readonly string[], options: ControlOptions = {}): Promise<Ran> {
  const {
    env = {},
    files = {},
    columns,
    execute = async () => undefined,
    now = Date.now,
    name = 'lessorctl',
  } = options;
  const answers = [...(options.answers ?? [])];
  let [stdout, stderr] = ['', ''];
  let paused = 0;
  const shell: Shell = {
    env,
    home: '/home/operator',
    columns,
    showsProgress: false,
    print: (text) => {
      stdout += text;
    },
    complain: (text) => {
      stderr += text;
    },
    ask: async (question) => {
      stderr += question;
      const answer = answers.shift();
      return typeof answer === 'function' ? answer() : answer;
    },
    read: async (path) => files[path],
    write: async (path, text) => {
      files[path] = text;
    },
    execute,
    now,
    random: () => 0,
    sleep: async () => {
      if (paused++ === options.pauses) throw new Error('interrupted');
      await options.onPause?.();
    },
  };
  const argv = typeof line === 'string' ? line.split(' ').filter(Boolean) : line;
  const code = await run(argv, { name, version: '1.2.3' }, shell);
  return { code, stdout, stderr };
}

/** As an operator has them in her environment, and nothing else of this machine. */
export function signAs({ accessKeyId, secretAccessKey, sessionToken }: AccessKeys): void {
  const nowhere = join(tmpdir(), 'lessorctl-no-such-file');
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
  vi.stubEnv('AWS_CONFIG_FILE', nowhere);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', nowhere);
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_REGION', undefined);
  vi.stubEnv('AWS_DEFAULT_REGION', undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
}
