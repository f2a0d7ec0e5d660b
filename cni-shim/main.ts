/**
 * The executable `lessor`: a CNI IPAM plugin (CNI specification 1.1.0) where a network plugin such as bridge calls it, else
 * the commands with which people keep a node.
 */
import { readFileSync } from 'node:fs';
import { abandonDatabases } from './machine/database.ts';
import { print } from './machine/print.ts';
import { machine } from './machine/surroundings.ts';
import { run } from './verbs/call.ts';

const [, , ...argv] = process.argv;
const surroundings = machine(process.env);

async function main(): Promise<number> {
  // A runtime names its verb in the environment and gives no arguments.
  if (!process.env.CNI_COMMAND && argv.length > 0) {
    const terminal = { print: (text: string) => print(1, text), complain: (text: string) => print(2, text) };
    return (await import('./commands/command-line.ts')).runCommand(argv, { surroundings, terminal });
  }
  const { stdout, exitCode } = await run(surroundings, () => readFileSync(0, 'utf8'));
  print(1, stdout);
  return exitCode;
}

function exit(exitCode: number): never {
  abandonDatabases();
  return (process as unknown as { readonly reallyExit: (exitCode: number) => never }).reallyExit(exitCode);
}

main().then(
  exit,
  // Whoever called is gone: nobody reads what is printed.
  () => exit(1),
);
