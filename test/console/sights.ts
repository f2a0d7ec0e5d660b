/** What of the console is looked at: by the eye in docs/console.md, and by axe for those who cannot see it. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Those of the documentation only where they are asked for: each run has other times in them. */
const documented = process.env.LESSOR_SCREENSHOTS !== undefined;
const [docs, dist] = ['docs', 'dist'].map((one) => fileURLToPath(new URL(`../../${one}/console`, import.meta.url)));
/** Where the pictures of a screen are put. */
export const picturesOf = (screen: string): string => String(documented && screen !== 'zoomed' ? docs : dist);

interface Sight {
  readonly name: string;
  readonly hash: string;
  /** On the screens `light` and `phone`, where it is left out. */
  readonly inTheDark?: true;
  ready(page: Page): Promise<unknown>;
}

export const sights: readonly Sight[] = [
  {
    name: 'map',
    inTheDark: true,
    hash: '/',
    ready: (page) => page.locator('.share-text', { hasText: '%' }).first().waitFor({ state: 'attached' }),
  },
  {
    name: 'addresses',
    inTheDark: true,
    hash: '/?at=10.8.0.0/24',
    async ready(page) {
      const { x, y, width, height } = (await page.getByRole('application').boundingBox()) ?? {
        x: 0,
        y: 0,
        width: 0,
        height: 0,
      };
      await page.getByText('free', { exact: true }).waitFor();
      await page.mouse.move(x + width / 2 + 30, y + height / 2 + 30);
      await expect.poll(() => page.locator('.tip').textContent(), { timeout: 30_000 }).not.toContain('reading');
    },
  },
  {
    name: 'pool',
    inTheDark: true,
    hash: '/pool/checkout',
    async ready(page) {
      await page.locator('.chart').waitFor();
      await page.locator('.bars').nth(1).waitFor();
    },
  },
  {
    name: 'pools',
    hash: '/pools',
    ready: (page) =>
      page
        .getByText(/^about /)
        .first()
        .waitFor(),
  },
  {
    name: 'why',
    hash: '/why',
    async ready(page) {
      await page.getByLabel('Namespace').fill('ledger');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.locator('.way').waitFor();
    },
  },
  {
    name: 'change',
    hash: '/change/pool/ledger',
    async ready(page) {
      const reserve = page.getByRole('form', { name: 'Reserve', exact: true });
      await reserve.getByLabel('Name', { exact: true }).fill('router');
      await reserve.getByLabel('Addresses').fill('10.9.1.128/27');
      await reserve.getByLabel('Namespace', { exact: true }).fill('edge');
      for (const name of ['Drain', 'Reserve']) {
        const form = page.getByRole('form', { name, exact: true });
        await form.getByRole('button', { name: 'What would it do?' }).click();
        await form.getByRole('img').waitFor();
      }
      await page.evaluate(`document.querySelector('form[aria-label=Drain]').scrollIntoView()`);
    },
  },
  { name: 'address', hash: '/address/10.8.0.2', ready: (page) => page.locator('.time-line').first().waitFor() },
];

export const screens = [
  { name: 'light', options: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' } },
  { name: 'dark', options: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' } },
  { name: 'phone', options: { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true } },
  // As on the first one at 200 %.
  { name: 'zoomed', options: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, colorScheme: 'light' } },
] as const;

export const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds to be serious, each with where it is. @param page with axe in it */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  return serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** What is read or pressed and ends beyond the screen's width, and cannot be scrolled to within a frame of its own. */
export const beyondTheScreen = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`
    [...document.querySelectorAll('h1, h2, p, a, button, input, select, dt, dd, label, svg, canvas, .tip')]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.table-frame, .places, .visually-hidden, .skip'))
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
      .map((one) => one.tagName)
      .concat(document.documentElement.scrollWidth > innerWidth ? ['PAGE'] : [])
  `);
