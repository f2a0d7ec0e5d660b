/** `lessor agent`. */
import { serveAgent } from '../agent/serve-agent.ts';
import { compileWhatRunsOften } from '../machine/compiling.ts';
import { version } from '../machine/version.ts';
import { command } from './command.ts';
import { nodeOptions, secondsOf } from './options.ts';

export const agent = command({
  about: `Runs until SIGTERM or SIGINT, which end it with exit code 0. Logs JSON lines on standard output; serves /healthz
and /metrics (Prometheus). Every 10 s it goes through this node's files, and looks every second whether there is something
to tell. It sends a request where there is, "I am here" every 10 minutes, and compares the service's table with the
journal every 6 hours.`,
  options: {
    ...nodeOptions,
    listen: {
      kind: 'value',
      value: 'HOST:PORT',
      default: '127.0.0.1:9464',
      help: 'where health and metrics are served',
    },
    grace: {
      kind: 'value',
      value: 'SECONDS',
      default: '30',
      help: "for how long a container's network namespace has been gone before its address is released",
    },
    kubernetes: {
      kind: 'value',
      value: 'DIR',
      help: 'keep a condition and a taint of this node, and write events, as the service account whose token and ca.crt lie there (in a pod: /var/run/secrets/kubernetes.io/serviceaccount)',
    },
    'taint-after': {
      kind: 'value',
      value: 'SECONDS',
      default: '30',
      help: 'with --kubernetes: for how long no address could be had before the node is tainted',
    },
    'untaint-after': {
      kind: 'value',
      value: 'SECONDS',
      default: '30',
      help: 'with --kubernetes: for how long addresses could be had again before the taint goes',
    },
    untaint: {
      kind: 'flag',
      help: 'with --kubernetes: set no taint, and take away one that an earlier agent left',
    },
    name: { kind: 'value', value: 'NAME', help: 'what the cluster calls this node (default: $NODE_NAME)' },
  },
  async run(values, { surroundings, terminal }) {
    const { config, 'data-dir': dataDirs, listen, grace, name, kubernetes, untaint } = values;
    const times = {
      setAfterMs: secondsOf('taint-after', values['taint-after']),
      clearAfterMs: secondsOf('untaint-after', values['untaint-after']),
    };
    compileWhatRunsOften();
    const stopped = new Promise<void>((stop) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());
    });
    await serveAgent(surroundings, {
      config,
      dataDirs,
      listen,
      graceMs: secondsOf('grace', grace),
      name: name ?? (surroundings.env.NODE_NAME || undefined),
      version,
      write: (line) => terminal.print(`${line}\n`),
      stopped,
      kubernetes: kubernetes === undefined ? undefined : { directory: kubernetes, times, taints: !untaint },
    });
    return 0;
  },
});
