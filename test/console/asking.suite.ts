/** How much the page asks for, and how often. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { firstView, openLargeConsole } from './large-console.ts';
import type { OpenedConsole } from './open-console.ts';

const MEGABYTE = 1_000_000;
const LIST = '**/pages/listPools';
const SECOND = 1_000;

/** Answers the list of pools, and counts how often it is asked for. The clock of the page is the test's. */
async function withAnswers(page: Page, answer: () => object) {
  let asked = 0;
  await page.clock.install();
  await page.route(LIST, async (route) => {
    asked += 1;
    const body = `${JSON.stringify(answer())}\n`;
    await route.fulfill({ status: 200, contentType: 'application/x-ndjson', body });
  });
  /** So long nothing is asked, and then once more. */
  const asksAfter = async (seconds: number) => {
    const before = asked;
    await page.clock.runFor(seconds * SECOND - 500);
    expect([seconds, asked]).toEqual([seconds, before]);
    const next = page.waitForResponse(LIST);
    await page.clock.runFor(SECOND);
    await (await next).finished();
    // The answer is read by then: the page was given a turn.
    await page.evaluate('fetch("/icon.svg").then((answer) => answer.text())');
  };
  return { asksAfter };
}

export function thePageAsksForLittle(opened: () => OpenedConsole): void {
  it('asks for what does not change less and less often', async () => {
    const page = await opened().open();
    const { asksAfter } = await withAnswers(page, () => ({ status: 200, body: { result: { pools: [] } } }));
    await page.reload();
    await page.getByText('There is no pool in VRF default').waitFor();
    for (const seconds of [4, 6, 9, 13.5]) await asksAfter(seconds);
    await page.close();
  });

  it('asks a service that does not answer twice as seldom each time, and says that it does not', async () => {
    const page = await opened().open();
    const body = { code: 'service.unavailable', detail: 'the API cannot be reached' };
    const { asksAfter } = await withAnswers(page, () => ({ status: 502, body }));
    await page.reload();
    await page.getByRole('button', { name: 'No answer' }).waitFor();
    for (const seconds of [8, 16, 32, 60, 60]) await asksAfter(seconds);
    await page.close();
  });

  it('asks for a thousand pools with one question, and for less than a megabyte in all', async () => {
    const large = await openLargeConsole({ pools: 1_000, leases: 1_000 });
    try {
      const { bytes, requests, page } = await firstView(opened().browser, large);
      expect(bytes).toBeGreaterThan(100_000);
      expect(bytes).toBeLessThanOrEqual(MEGABYTE);
      expect(requests.filter((path) => path.startsWith('/pages/')).sort()).toEqual([
        '/pages/listPools',
        '/pages/listVrfs',
      ]);
      expect(requests.filter((path) => path.startsWith('/ask/'))).toEqual([]);
      await page.context().close();
    } finally {
      await large.stop();
    }
  });
}
