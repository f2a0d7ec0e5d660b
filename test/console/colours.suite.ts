/** The map in other colours and along the other curve, and other address spaces. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { OpenedConsole } from './open-console.ts';

/** Milliseconds: it is waited for a state, however slow the machine is. */
const patience = { timeout: 30_000 };
const map = (page: Page) => page.getByRole('application');

/** What is drawn there, as `rgb(…)`. */
const pixel = (page: Page, { x, y }: { x: number; y: number }) =>
  page.evaluate<string>(`(() => {
    const canvas = document.querySelector('.map-canvas');
    const { left, top } = canvas.getBoundingClientRect();
    const ratio = devicePixelRatio;
    const [r, g, b] = canvas.getContext('2d').getImageData((${x} - left) * ratio, (${y} - top) * ratio, 1, 1).data;
    return 'rgb(' + r + ', ' + g + ', ' + b + ')';
  })()`);

/** Of the legend, by what it says. */
const legend = (page: Page) =>
  page.evaluate<Record<string, string>>(`Object.fromEntries(
    [...document.querySelectorAll('.legend .state')].map((one) =>
      [one.textContent, getComputedStyle(one.querySelector('.state-shape')).backgroundColor]))`);

/** A place on the map where the pointer is on an address that is held, and what the tip says of it. */
async function onHeld(page: Page): Promise<{ at: { x: number; y: number }; words: string }> {
  const { x, y, width, height } = (await map(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const words = () => page.locator('.tip').textContent({ timeout: 1_000 });
  for (let step = 0; step < 40; step += 1) {
    // In the middle of cells of 18 pixels, of which the number is written to the right.
    const at = { x: Math.round(x + width / 2 - 100 + step * 18) + 3, y: Math.round(y + height / 2 + 45) };
    await page.mouse.move(at.x, at.y);
    await expect.poll(words, patience).not.toContain('reading');
    const said = (await words()) ?? '';
    if (said.includes('held')) return { at, words: said };
  }
  throw new Error('no address is held there');
}

export function theMapHasOtherColours(opened: () => OpenedConsole): void {
  it.each([
    ['namespace', /(\w[\w-]*)\//],
    ['node', /on (i-[0-9a-f]{17})/],
  ])('by %s: what is held has the colour that the legend has of whose it is', async (by, whose) => {
    const page = await opened().open('/?at=10.8.0.0/24');
    await page.getByText('click opens the address').waitFor();
    await page.getByLabel('Colours by').selectOption(by);
    await expect.poll(async () => Object.keys(await legend(page)).length, patience).toBeGreaterThan(4);
    const { at, words } = await onHeld(page);
    const [, name = ''] = whose.exec(words.replace('held', '').replace(/^[\d.]+/, '')) ?? [];
    await expect
      .poll(async () => {
        const colours = await legend(page);
        return [await pixel(page, at)].includes(colours[name] ?? colours.others ?? '');
      }, patience)
      .toBe(true);
    await page.close();
  });

  it('by age: what is held has one of the five colours of the legend', async () => {
    const page = await opened().open('/?at=10.8.0.0/24');
    await page.getByText('click opens the address').waitFor();
    await page.getByLabel('Colours by').selectOption('age');
    await page.getByText('< 30 days').waitFor();
    const { at } = await onHeld(page);
    const ages = ['< 1 hour', '< 1 day', '< 1 week', '< 30 days', 'older'];
    const colours = await legend(page);
    expect(ages.map((age) => colours[age])).toContain(await pixel(page, at));
    await page.close();
  });

  it('in rows the address to the right is the next one, and the one beneath is of the next /24', async () => {
    const page = await opened().open('/?at=10.9.0.0/23');
    await page.getByText('click opens the address').waitFor();
    await page.getByRole('button', { name: 'Rows' }).click();
    await page.evaluate(`location.hash = '/?at=10.9.0.60'`);
    const said = page.locator('[aria-live=polite]').filter({ hasText: /^10\.9\./ });
    const address = async () => /^[\d.]+/.exec((await said.textContent()) ?? '')?.[0];
    await map(page).focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(address, patience).toBe('10.9.0.61');
    await page.keyboard.press('ArrowDown');
    await expect.poll(address, patience).toBe('10.9.1.61');
    await page.close();
  });

  it('of another VRF shows its pools and none of the first', async () => {
    const page = await opened().open();
    await page.getByRole('button', { name: /^checkout/ }).waitFor();
    await page.getByRole('combobox', { name: 'VRF' }).selectOption('lab');
    await page.getByRole('button', { name: /^bench/ }).waitFor();
    expect(await page.getByRole('button', { name: /^checkout/ }).count()).toBe(0);
    await map(page).and(page.getByLabel('IPv4 addresses of VRF lab')).waitFor();
    expect(page.wrong).toEqual([]);
    await page.close();
  });
}
