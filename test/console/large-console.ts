/** The console of a fleet as large as the service is made for, and what its first view takes. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type Console, serveConsole } from '../../console/server/serve.ts';
import { type Service, serviceAt } from '../../lessorctl/api/service.ts';
import { processShell } from '../../lessorctl/shell/process-shell.ts';
import type { Identity } from '../../local/aws/identities.ts';

export interface LargeFleet {
  readonly pools: number;
  readonly leases: number;
}

export interface LargeConsole extends LargeFleet {
  readonly service: Service;
  readonly console: Console;
  stop(): Promise<void>;
}

export async function openLargeConsole({ pools, leases }: LargeFleet): Promise<LargeConsole> {
  const file = fileURLToPath(new URL('large-api.ts', import.meta.url));
  const execArgv = ['--import', 'tsx', '--max-old-space-size=6000'];
  const api = fork(file, [String(pools), String(leases)], { execArgv });
  const [{ endpoint, region, operator }] = (await Promise.race([
    once(api, 'message'),
    once(api, 'exit').then(() => Promise.reject(new Error('the API of the large fleet did not start'))),
  ])) as [{ endpoint: string; region: string; operator: Identity }];
  const service = serviceAt({ endpoint, region, keys: async () => operator, shell: processShell() });
  const served = await serveConsole({ service, endpoint, vrf: 'default', port: 0 });
  return {
    pools,
    leases,
    service,
    console: served,
    async stop() {
      await served.stop();
      const ended = once(api, 'exit');
      api.disconnect();
      await ended;
    },
  };
}

export interface FirstView {
  /** Milliseconds from the opening of the address to the frame in which all pools are there. */
  readonly took: number;
  readonly bytes: number;
  readonly requests: readonly string[];
  readonly page: Page;
}

/** Until a new window has nothing to do any more. */
const WINDOW_MS = 1_500;

/** In the page, before its own script: notes the time of the first frame that has the number of all pools. To look in each frame would make frames. */
const noting = (count: string) => `
  const seen = new MutationObserver(() => {
    if (document.querySelector('.side-head .tabular')?.textContent !== '${count}') return;
    seen.disconnect();
    requestAnimationFrame(() => { window.seenAt = performance.timeOrigin + performance.now(); });
  });
  seen.observe(document, { subtree: true, childList: true, characterData: true });`;

export async function firstView(browser: Browser, { console: { address }, pools }: LargeConsole): Promise<FirstView> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const requests: string[] = [];
  let bytes = 0;
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const network = await context.newCDPSession(page);
  // What a stream brings has no end that the browser tells of.
  network.on('Network.dataReceived', ({ dataLength }) => {
    bytes += dataLength;
  });
  await network.send('Network.enable');
  const count = pools.toLocaleString('en');
  await page.addInitScript(noting(count));
  // A window takes as much of the processors as the page when it opens; the person's browser is open already.
  await page.waitForTimeout(WINDOW_MS);
  const began = Date.now();
  await page.goto(address, { waitUntil: 'commit' });
  await page.locator('.side-head .tabular').getByText(count, { exact: true }).waitFor();
  const seenAt = await page.evaluate<number>('new Promise((done) => requestAnimationFrame(() => done(window.seenAt)))');
  await page.waitForLoadState();
  return { took: seenAt - began, bytes, requests, page };
}
