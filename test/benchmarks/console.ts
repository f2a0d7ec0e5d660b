/** The console with as many pools and leases as the service is made for, in a real browser. */
import type { Browser, Page } from 'playwright-core';
import { missingBrowser, openBrowser } from '../console/browser.ts';
import { type FirstView, firstView, type LargeConsole, openLargeConsole } from '../console/large-console.ts';
import { inTurn, timed } from './in-turn.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf, spreadOf } from './spread.ts';

const FULL = { pools: 1_000, leases: 1_000_000, rounds: 7, warmUp: 1, drags: 3 };
const QUICK = { pools: 100, leases: 1_000, rounds: 2, warmUp: 1, drags: 1 };
const MEGABYTE = 1_000_000;
/** Milliseconds of each drag. */
const DRAG = 2_000;
/** From a whole /8 to single addresses. */
const PLACES = ['10.0.0.0/8', '10.96.0.0/12', '10.100.0.0/16', '10.100.0.0/20', '10.100.0.0/22'];

export const consolePage: Section = {
  name: 'console',
  what: 'the first view of the console in Chromium beside the bare list of pools, and frames a second while its map is dragged beside those of a page that rests',
  async run(options) {
    if (missingBrowser.length > 0) return { skipped: `there is no ${missingBrowser.join(', ')}` };
    const size = options.quick ? QUICK : FULL;
    options.progress(`filling ${size.pools} pools with ${size.leases.toLocaleString('en')} leases`);
    const large = await openLargeConsole(size);
    const browser = await openBrowser();
    try {
      return [
        ...(await views(browser, large, { ...size, ...options })),
        ...(await drags(browser, large, size, options)),
      ];
    } finally {
      await browser.close();
      await large.stop();
    }
  },
};

async function views(
  browser: Browser,
  large: LargeConsole,
  { rounds, warmUp, progress }: { rounds: number; warmUp: number } & Options,
): Promise<Figure[]> {
  let last: FirstView | undefined;
  const [view, bare] = await inTurn(
    [
      {
        name: `the first view of ${large.pools.toLocaleString('en')} pools`,
        async once() {
          last = await firstView(browser, large);
          await last.page.context().close();
          return last.took;
        },
      },
      { name: 'the list of them, by lessorctl’s client', once: () => timed(() => listed(large)) },
    ],
    { rounds, warmUp, progress },
  );
  if (view === undefined || bare === undefined || last === undefined) throw new Error('nothing was measured');
  const { bytes, requests } = last;
  return [
    figureOf(view, bare, 'ms', { atMost: 1.5 }),
    counted('the first view asks for', bytes, 'bytes', MEGABYTE),
    { name: 'the first view, its files included', value: spreadOf([requests.length], 'requests') },
  ];
}

async function listed({ service, pools }: LargeConsole): Promise<void> {
  let count = 0;
  for await (const page of service.pages('listPools', { query: { vrf: 'default', limit: '100' } }))
    count += page.pools.length;
  if (count !== pools) throw new Error(`${count} of ${pools} pools were listed`);
}

const counted = (name: string, value: number, unit: string, budget: number): Figure => ({
  name,
  value: spreadOf([value], unit),
  against: { name: 'budget', value: spreadOf([budget], unit) },
  ratio: spreadOf([value / budget], ''),
  goal: { atMost: 1 },
});

async function drags(
  browser: Browser,
  large: LargeConsole,
  { drags: rounds }: { drags: number },
  { progress }: Options,
): Promise<Figure[]> {
  const { page } = await firstView(browser, large);
  const figures: Figure[] = [];
  for (const place of PLACES) {
    await page.evaluate(`location.hash = '/?at=${encodeURIComponent(place)}'`);
    // What is there is asked for once the map rests, and drawn as it comes.
    await page.waitForTimeout(DRAG);
    const [dragged, rests] = await inTurn(
      [
        { name: `dragged about, ${place} on the screen`, once: () => framesWhile(page, () => drag(page)) },
        { name: 'at rest', once: () => framesWhile(page, () => page.waitForTimeout(DRAG)) },
      ],
      { rounds, warmUp: 1, progress: (text) => progress(`${place}: ${text}`) },
    );
    if (dragged && rests) figures.push(figureOf(dragged, rests, 'frames a second', { atLeast: 0.9 }));
  }
  return figures;
}

/** Frames that the page had, in a second. */
async function framesWhile(page: Page, act: () => Promise<unknown>): Promise<number> {
  await page.evaluate(`(() => {
    const run = (window.run = { frames: 0 });
    const count = () => { run.frames += 1; if (window.run === run) requestAnimationFrame(count); };
    requestAnimationFrame(count);
  })()`);
  const took = await timed(act);
  return ((await page.evaluate<number>('window.run.frames')) / took) * 1_000;
}

/** There and back, as a hand does it. */
async function drag({ mouse }: Page): Promise<void> {
  const end = performance.now() + DRAG;
  let [x, y, way] = [760, 420, 1];
  await mouse.move(x, y);
  await mouse.down();
  while (performance.now() < end) {
    if (x > 1_100 || x < 420) way = -way;
    [x, y] = [x + 9 * way, y + 4 * way];
    await mouse.move(x, y);
  }
  await mouse.up();
}
