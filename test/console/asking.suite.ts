/** How much the page asks for, and how often. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { firstView, openLargeConsole } from './large-console.ts';
import type { OpenedConsole } from './open-console.ts';

const MEGABYTE = 1_000_000;
const LIST = '**/pages/listPools';
/** Milliseconds of the page's clock that pass at once. */
const STEP = 250;

/** Counts what is asked where it is asked: a request may be on its way when the page's clock has gone on. */
const COUNTING = `
  window.asked = 0;
  window.answered = 0;
  const plain = window.fetch;
  window.fetch = async (...given) => {
    if (!String(given[0]).endsWith('/pages/listPools')) return plain(...given);
    window.asked += 1;
    const answer = await plain(...given);
    answer.clone().text().then(() => { window.answered += 1; });
    return answer;
  };`;

/** Answers each list of pools alike. The clock of the page stands still, but for what the test lets pass. */
async function withAnswer(page: Page, reply: object) {
  const [asked, answered] = ['asked', 'answered'].map((one) => () => page.evaluate<number>(`window.${one} ?? 0`));
  await page.addInitScript(COUNTING);
  await page.route(LIST, (route) =>
    route.fulfill({ status: 200, contentType: 'application/x-ndjson', body: `${JSON.stringify(reply)}\n` }),
  );
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1_000);
  await page.reload();
  /** Seconds until it is asked once more, and answered. */
  const pause = async () => {
    const before = (await asked?.()) ?? 0;
    let passed = 0;
    while ((await asked?.()) === before) {
      if (passed > 120_000) throw new Error('it is not asked again');
      await page.clock.runFor(STEP);
      passed += STEP;
    }
    await expect.poll(() => answered?.()).toBe(before + 1);
    // What comes of the answer needs a turn of the page.
    await page.evaluate('fetch("/icon.svg").then((answer) => answer.text())');
    return passed / 1_000;
  };
  return { pause };
}

/** In seconds, as exact as the steps are. */
const near = (seconds: number) => expect.closeTo(seconds, 0);

export function thePageAsksForLittle(opened: () => OpenedConsole): void {
  it('asks for what does not change less and less often', async () => {
    const page = await opened().open();
    const { pause } = await withAnswer(page, { status: 200, body: { result: { pools: [] } } });
    await pause();
    expect([await pause(), await pause(), await pause(), await pause()]).toEqual([4, 6, 9, 13.5].map(near));
    await page.getByText('There is no pool in VRF default').waitFor();
    await page.close();
  });

  it('asks a service that does not answer twice as seldom each time, and says that it does not', async () => {
    const page = await opened().open();
    const body = { code: 'service.unavailable', detail: 'the API cannot be reached' };
    const { pause } = await withAnswer(page, { status: 503, body });
    await pause();
    expect([await pause(), await pause(), await pause(), await pause()]).toEqual([8, 16, 32, 60].map(near));
    await page.getByRole('button', { name: 'No answer' }).waitFor();
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
