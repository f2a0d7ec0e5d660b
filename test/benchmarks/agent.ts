/** The agent of a node, as on every node that is set up by the chart. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** @returns what ends it */
export async function startAgent(plugin: string, config: string): Promise<() => Promise<void>> {
  // Nobody makes network namespaces here: no container is to be taken for dead.
  const words = ['agent', '--config', config, '--listen', '127.0.0.1:0', '--grace', '3600'];
  const agent = spawn(plugin, words, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: '/usr/bin:/bin' } });
  const kill = () => agent.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => agent.once('exit', () => resolve()));
  const lines = createInterface({ input: agent.stdout });
  await Promise.race([
    new Promise((runs) => lines.on('line', (line) => line.includes('the agent runs') && runs(undefined))),
    ended.then(() => {
      throw new Error('the agent ended before it ran');
    }),
  ]);
  return () => {
    process.removeListener('exit', kill);
    agent.kill('SIGTERM');
    return ended;
  };
}
