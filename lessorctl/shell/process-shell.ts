/** The shell of this process. What help does not need is loaded once it is used. */
import { fstatSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { printTo } from './print-to.ts';
import type { Ran, Shell } from './shell.ts';

/** Bytes of what a program prints: kubectl lists the pods of a large cluster. */
const LONGEST_OUTPUT = 1 << 30;

export const processShell = (): Shell => ({
  env: process.env,
  home: homedir(),
  columns: mayBeTerminal(1) && process.stdout.isTTY ? process.stdout.columns : undefined,
  get showsProgress() {
    return mayBeTerminal(2) && process.stderr.isTTY === true;
  },
  print: (text, exitCode) => printTo(1, text, exitCode),
  complain: (text) => printTo(2, text),
  ask,
  read: (path) => (path === '-' ? textOf(process.stdin) : readIfThere(path)),
  write,
  execute,
  now: Date.now,
  random: Math.random,
  sleep: (milliseconds) => new Promise((done) => void setTimeout(done, milliseconds)),
});

/** Whether its stream is worth to be loaded, which takes as long as all the rest of `lessorctl help`. */
function mayBeTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

async function ask(question: string): Promise<string | undefined> {
  if (!mayBeTerminal(0) || !process.stdin.isTTY) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

async function textOf(stream: NodeJS.ReadStream): Promise<string> {
  stream.setEncoding('utf8');
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}

async function readIfThere(path: string): Promise<string | undefined> {
  const { readFile } = await import('node:fs/promises');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  const { rename, rm, stat, writeFile } = await import('node:fs/promises');
  const { randomUUID } = await import('node:crypto');
  const there = await stat(path).catch(() => undefined);
  // A device or a pipe, as /dev/stdout is one, is written to: another file in its place would be in everybody's way.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return writeFile(path, text);
  const beside = `${path}.${randomUUID()}`;
  try {
    // Through no link that somebody else laid there; and it is on the disk before it has the name.
    await writeFile(beside, text, { flag: 'wx', mode: 0o600, flush: true });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function execute(program: string, args: readonly string[], input?: string): Promise<Ran | undefined> {
  const { execFile } = await import('node:child_process');
  return new Promise((done) => {
    const child = execFile(program, args, { maxBuffer: LONGEST_OUTPUT }, (error, out, err) => {
      if (error?.code === 'ENOENT') return done(undefined);
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      done({ code, stdout: out, stderr: err });
    });
    if (input === undefined) return;
    // It may end before it has read all: what it came to says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
