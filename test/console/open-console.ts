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
  /** A page of its own, with what went wrong on it: errors, and what the policy kept from running. */
  open(hash?: string, options?: BrowserContextOptions): Promise<Page & { readonly wrong: readonly string[] }>;
  close(): Promise<void>;
}

export async function openConsole(): Promise<OpenedConsole> {
  const stack = await startStack();
  const fleet = await makeFleet(stack);
  const { endpoint, region, operator } = stack;
  const service = serviceAt({ endpoint, region, keys: async () => operator, shell: processShell() });
  const served = await serveConsole({ service, endpoint, vrf: 'default', port: 0 });
  const browser = await openBrowser();
  return {
    stack,
    fleet,
    console: served,
    browser,
    async open(hash = '/', options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
      await page.goto(served.address);
      await page.waitForURL(new URL('/', served.address).href);
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.getByRole('link', { name: 'Lessor, the map' }).waitFor();
      return Object.assign(page, { wrong });
    },
    async close() {
      await browser.close();
      await served.stop();
      await stack.stop();
    },
  };
}
