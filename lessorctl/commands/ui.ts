/** `lessorctl ui`. */
import { serveConsole } from '../../console/server/serve.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';

/** Milliseconds: it lives until it is interrupted. */
const A_WHILE = 60_000;

export const ui = command({
  about: `A page on this machine, which shows and changes what the other commands do. It asks the API with your credentials, which
the page never sees. The address has a token in it: whoever has the address can do what you can. It ends with Ctrl-C.`,
  arguments: {},
  options: {
    port: { kind: 'value', value: 'NUMBER', default: '0', help: 'the port on 127.0.0.1; 0: any free one' },
    'no-open': { kind: 'flag', help: 'open no browser' },
  },
  examples: [
    { line: 'ui', does: 'Open the console in the browser' },
    { line: 'ui --no-open --port 8480', does: 'Only print its address, as for a port that ssh forwards' },
  ],
  // commander has what begins with no- as true until it is given.
  async run({ port, 'no-open': opens }, session) {
    const { service, target, shell } = session;
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
      throw wrong(`--port ${JSON.stringify(port)} is no port`, 'give a number from 0 to 65535');
    const { endpoint, vrf, cluster } = await target();
    const api = await service();
    // What is wrong with address or credentials is said here, before there is a page.
    await api.ask('listPools', { query: { vrf, limit: '1' } });
    const console = await serveConsole({ service: api, endpoint, vrf, cluster, port: Number(port) });
    try {
      shell.print(`${console.address}\n`);
      if (opens && shell.columns !== undefined) await openBrowser(shell, console.addressForBrowser());
      for (;;) await shell.sleep(A_WHILE);
    } finally {
      await console.stop();
    }
  },
});

/** The first program that is there. Where none is, or none has a screen, the printed address does. */
async function openBrowser({ execute }: Session['shell'], address: string): Promise<void> {
  for (const program of ['xdg-open', 'open']) if ((await execute(program, [address])) !== undefined) return;
}
