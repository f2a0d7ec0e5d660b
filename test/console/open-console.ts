/** The console of a local stack with a made fleet, in a browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Console, serveConsole } from '../../console/server/serve.ts';
import { serviceAt } from '../../lessorctl/api/service.ts';
import { processShell } from '../../lessorctl/shell/process-shell.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { openBrowser } from './browser.ts';
import { type Fleet, makeFleet } from './fleet.ts';

export interface OpenedConsole {
  readonly stack: LocalStack;
  readonly fleet: Fleet;
  readonly console: Console;
  readonly browser: Browser;
  /** A page with what went wrong on it: errors, and what the policy kept from running. With options in a context of its own. */
  open(hash?: string, options?: BrowserContextOptions): Promise<Page & { readonly wrong: readonly string[] }>;
  close(): Promise<void>;
}

export async function openConsole(): Promise<OpenedConsole> {
  const browser = openBrowser();
  const stack = await startStack();
  const fleet = await makeFleet(stack);
  const { endpoint, region, operator } = stack;
  const service = serviceAt({ endpoint, region, keys: async () => operator, shell: processShell() });
  const served = await serveConsole({ service, endpoint, vrf: 'default', port: 0 });
  const desk = { viewport: { width: 1280, height: 800 } };
  const shared = entered(await browser, served, desk);
  return {
    stack,
    fleet,
    console: served,
    browser: await browser,
    async open(hash = '/', options) {
      const context = await (options === undefined ? shared : entered(await browser, served, { ...desk, ...options }));
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
      await page.goto(new URL(`/#${hash}`, served.address).href);
      await page.getByRole('link', { name: 'Lessor, the map' }).waitFor();
      return Object.assign(page, { wrong });
    },
    async close() {
      await (await browser).close();
      await served.stop();
      await stack.stop();
    },
  };
}

/** Its pages have the session of the console: the token was exchanged for it. */
async function entered(browser: Browser, { address }: Console, options: BrowserContextOptions) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForURL(new URL('/', address).href);
  await page.close();
  return context;
}
