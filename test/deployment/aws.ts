/** Requests to AWS's own services, made by botocore in a process beside. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AccessKeys } from '../../local/aws/identities.ts';
import { type Ministack, python } from './ministack.ts';

// biome-ignore lint/suspicious/noExplicitAny: an answer is of whatever shape the service has for it
type Result = any;

type Asked = readonly [service: string, operation: string, input?: object, keys?: AccessKeys];

export interface Aws {
  /**
   * Without keys the account's root user asks.
   * @param asked the operation is named as the service's reference names it
   * @throws Error with code and message, where it is refused
   */
  ask(...asked: Asked): Promise<Result>;
  /** The code with which it is refused; undefined where it is not. */
  refusal(...asked: Asked): Promise<string | undefined>;
  close(): void;
}

interface Answer {
  readonly result?: Result;
  readonly refused?: { readonly code: string; readonly message: string };
}

export function awsOf({ endpoint, region, certificate, root }: Ministack): Aws {
  const { PATH = '' } = process.env;
  const script = fileURLToPath(new URL('ask.py', import.meta.url));
  const child = spawn(python, [script], { env: { PATH }, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  child.once('close', () => {
    for (const answer of waiting.splice(0)) answer('{"refused": {"code": "Ended", "message": "ask.py has ended"}}');
  });
  const send = async (...[service, operation, input = {}, keys = root]: Asked): Promise<Answer> => {
    const answered = new Promise<string>((answer) => waiting.push(answer));
    child.stdin.write(`${JSON.stringify({ service, operation, input, keys, endpoint, region, certificate })}\n`);
    return JSON.parse(await answered);
  };
  return {
    async ask(...asked) {
      const { result, refused } = await send(...asked);
      if (refused !== undefined) throw new Error(`${asked[1]} was refused with ${refused.code}: ${refused.message}`);
      return result;
    },
    refusal: async (...asked) => (await send(...asked)).refused?.code,
    close: () => child.stdin.end(),
  };
}
