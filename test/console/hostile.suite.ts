/** What others wrote is text on the page, whatever is in it. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { operatorClient } from '../../local/demo/operator.ts';
import { MARKUP } from './fleet.ts';
import type { OpenedConsole } from './open-console.ts';

const HOUR = 3_600_000;

/** It is seen as it was written, and did nothing. What the service refuses the browser notes: that is no fault of the page. */
async function isText(page: Page & { readonly wrong: readonly string[] }, where = 'main'): Promise<void> {
  await page.locator(where).getByText(MARKUP).first().waitFor();
  expect(await page.title()).toBe('Lessor');
  expect(await page.locator('img[src=x]').count()).toBe(0);
  expect(page.wrong.filter((text) => !text.includes('Failed to load resource'))).toEqual([]);
}

export function markupIsText(opened: () => OpenedConsole): void {
  it.each([
    ['a pod’s name', '/address/10.8.0.2'],
    ['a namespace’s name', '/pool/checkout'],
    ['a label', '/pool/old-batch'],
    ['the address of the page', `/pool/${encodeURIComponent(MARKUP)}`],
    ['what is searched for', `/pods/${encodeURIComponent(MARKUP)}`],
    ['an address', `/address/${encodeURIComponent(MARKUP)}`],
  ])('%s', async (_, hash) => {
    const page = await opened().open(hash);
    await isText(page);
    await page.close();
  });

  it('the tip of the map, the reason of a death, and who did it', async () => {
    const { stack, open } = opened();
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const { nodes } = await operator.ask('listNodes', { query: { limit: '100' } });
    const silent = nodes.find(({ heartbeatAt = '' }) => Date.now() - Date.parse(heartbeatAt) > HOUR)?.node ?? '';
    await operator.ask('declareDeath', { body: { node: silent, reason: MARKUP } });
    const changes = await open('/changes');
    await isText(changes, 'table');
    await changes.close();
    const node = await open(`/node/${silent}`);
    await isText(node, '.note-bad');
    await isText(node, 'table');
    await node.close();
    const map = await open('/?at=10.8.0.2');
    await map.getByText('click opens the address').waitFor();
    await map.getByRole('application').press('ArrowRight');
    await map.getByRole('application').press('ArrowLeft');
    await isText(map, '.tip');
    await map.close();
  });
}
