/** The CDK command, run as an administrator runs it, against ministack. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings, StackSettings } from '../../infra/settings.ts';
import type { AccessKeys } from '../../local/aws/identities.ts';
import { STACK } from './assembly.ts';
import type { Ministack } from './ministack.ts';

export interface Outputs {
  readonly ApiEndpoint: string;
  readonly NodePolicyArn: string;
  readonly OperatorPolicyArn: string;
}

/** Each throws an Error with what the command wrote, where it ends otherwise than it says. */
export interface Cdk {
  bootstrap(keys: AccessKeys): Promise<void>;
  /** Writes the settings file that the application reads. */
  configure(settings: StackSettings): void;
  synth(into: string): Promise<void>;
  /** @param words more of them, as `--app` with what was synthesized before */
  deploy(...words: readonly string[]): Promise<Outputs>;
  /** @returns what it wrote */
  deployFails(...words: readonly string[]): Promise<string>;
  destroy(...words: readonly string[]): Promise<void>;
  /** @returns what it wrote */
  destroyFails(...words: readonly string[]): Promise<string>;
}

interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

const executable = resolve('node_modules/.bin/cdk');

/** @param deployer who signs, except for the bootstrap */
export function cdkFor(ministack: Ministack, deployer: AccessKeys, directory: string): Cdk {
  const home = join(directory, 'home');
  mkdirSync(home);
  const [settingsFile, outputsFile] = ['settings.mjs', 'outputs.json'].map((name) => join(directory, name)) as [
    string,
    string,
  ];
  const { endpoint, region, certificate, account } = ministack;
  const run = (words: readonly string[], { accessKeyId, secretAccessKey } = deployer, cwd = resolve('.')) =>
    new Promise<Ran>((done, failed) => {
      const env: NodeJS.ProcessEnv = {
        PATH: process.env.PATH,
        HOME: home,
        CI: 'true',
        NODE_OPTIONS: '--no-warnings',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        LESSOR_SETTINGS: settingsFile,
        AWS_ENDPOINT_URL: endpoint,
        AWS_CA_BUNDLE: certificate,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      };
      const child = spawn(executable, [...words, '--no-color'], { cwd, env });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
        });
      }
      child.once('error', failed).once('close', (status) => done({ ok: status === 0, output }));
    });
  const ends = async (good: boolean, ran: Promise<Ran>): Promise<string> => {
    const { ok, output } = await ran;
    if (ok !== good) throw new Error(`cdk ${good ? 'failed' : 'succeeded'}:\n${output}`);
    return output;
  };
  const deploy = (words: readonly string[]) =>
    run(['deploy', STACK, '--require-approval', 'never', '--outputs-file', outputsFile, ...words]);
  return {
    async bootstrap(keys) {
      // Away from the project: it needs no synthesis.
      await ends(true, run(['bootstrap', `aws://${account}/${region}`, '--no-notices'], keys, home));
    },
    configure(settings) {
      const all: Settings = { [STACK]: settings };
      writeFileSync(settingsFile, `export default ${JSON.stringify(all)};\n`);
    },
    async synth(into) {
      await ends(true, run(['synth', STACK, '--quiet', '--output', into]));
    },
    async deploy(...words) {
      rmSync(outputsFile, { force: true });
      await ends(true, deploy(words));
      return JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK] as Outputs;
    },
    deployFails: (...words) => ends(false, deploy(words)),
    async destroy(...words) {
      await ends(true, run(['destroy', STACK, '--force', ...words]));
    },
    destroyFails: (...words) => ends(false, run(['destroy', STACK, '--force', ...words])),
  };
}
