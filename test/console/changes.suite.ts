/** Pools are explained and changed, in two steps each. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { operatorClient } from '../../local/demo/operator.ts';
import type { OpenedConsole } from './open-console.ts';

const form = (page: Page, name: string) => page.getByRole('form', { name, exact: true });
const lookAhead = (page: Page, name: string) =>
  form(page, name).getByRole('button', { name: 'What would it do?' }).click();

/** The small map in the form. */
const onMap = (page: Page, what: string) => page.getByRole('img', { name: what }).first();

const operatorOf = ({ stack }: OpenedConsole) => operatorClient(stack.endpoint, stack.region, stack.operator);
const read = (opened: OpenedConsole, pool: string) =>
  operatorOf(opened).ask('readPool', { path: { pool }, query: { vrf: 'default' } });

export function poolsAreChanged(opened: () => OpenedConsole): void {
  it('shows how full a pool is, when it will be, who has it, and its quotas', async () => {
    const page = await opened().open('/pool/checkout');
    await page
      .getByRole('img', { name: /^Most addresses in use at once: \d+ \w+ \d+, now \d+ of \d+, .*in 7 days/ })
      .waitFor();
    await page.getByText(/^full: about \d+ \w+/).waitFor();
    await page.locator('.bar', { hasText: 'shop' }).getByText('of 160').waitFor();
    await page.getByText('database: shop').waitFor();
    expect(page.wrong).toEqual([]);
    await page.close();
  });

  it('shows which pool runs out first', async () => {
    const page = await opened().open('/pools');
    await expect
      .poll(() => page.locator('tbody .share-text').first().textContent(), { timeout: 30_000 })
      .toMatch(/^[89]\d %$/);
    await page
      .getByText(/^about /)
      .first()
      .waitFor();
    await page.close();
  });

  it('explains an ADD as a way through the pools, to the step that ends it', async () => {
    const page = await opened().open('/why');
    await page.getByLabel('Namespace').fill('ledger');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('.way-gives').getByRole('link', { name: 'ledger' }).waitFor();
    await page.getByLabel('Namespace').fill('nobody');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('.way-end').getByText('No pool would be tried.').waitFor();
    await page.close();
  });

  it('says what growing a pool would do, changes nothing by that, and then grows it', async () => {
    const before = await read(opened(), 'ledger');
    const page = await opened().open('/change/pool/ledger');
    await form(page, 'Grow').getByLabel('Subnets').fill('10.60.0.0/24');
    await lookAhead(page, 'Grow');
    await form(page, 'Grow').getByText('the range 10.60.0.1-10.60.0.254 is added').waitFor();
    await onMap(page, '10.60.0.0/24 would be new').waitFor();
    expect((await read(opened(), 'ledger')).version).toBe(before.version);
    await form(page, 'Grow').getByRole('button', { name: 'Grow it' }).click();
    await form(page, 'Grow').getByText('Done.').waitFor();
    expect((await read(opened(), 'ledger')).ranges[0]?.at(-1)?.subnet).toBe('10.60.0.0/24');
    await page.close();
  });

  it('changes nothing that somebody else changed meanwhile', async () => {
    const page = await opened().open('/change/pool/ledger');
    await form(page, 'Quota').getByLabel('Namespace').fill('shop');
    await form(page, 'Quota').getByLabel('Leases').fill('11');
    await lookAhead(page, 'Quota');
    await form(page, 'Quota').getByRole('button', { name: 'Set the quota' }).waitFor();
    await operatorOf(opened()).ask('changePool', {
      path: { pool: 'ledger' },
      query: { vrf: 'default' },
      body: { order: 3 },
    });
    await form(page, 'Quota').getByRole('button', { name: 'Set the quota' }).click();
    await form(page, 'Quota').getByRole('alert').getByText('pool.changed').waitFor();
    expect((await read(opened(), 'ledger')).quotas).toEqual({});
    await page.close();
  });

  it('drains, and reserves', async () => {
    const page = await opened().open('/change/pool/ledger');
    await lookAhead(page, 'Drain');
    await onMap(page, '10.9.0.0/23 would give no new lease').waitFor();
    await form(page, 'Drain').getByRole('button', { name: 'Drain it' }).click();
    await form(page, 'Drain').getByText('Done.').waitFor();
    const reserve = form(page, 'Reserve');
    await reserve.getByLabel('Name', { exact: true }).fill('router');
    await reserve.getByLabel('Addresses').fill('10.9.1.250');
    await reserve.getByLabel('Namespace', { exact: true }).fill('edge');
    await lookAhead(page, 'Reserve');
    await onMap(page, '10.9.1.250 would be reserved').waitFor();
    await reserve.getByRole('button', { name: 'Reserve them' }).click();
    await reserve.getByText('Done.').waitFor();
    expect(await read(opened(), 'ledger')).toMatchObject({ state: 'draining', reservations: [{ name: 'router' }] });
    await page.close();
  });

  it('makes a pool where the planner finds room', async () => {
    const page = await opened().open('/change/create');
    await page.getByRole('button', { name: /^10\.0\.0\.0\/24$/ }).click();
    await form(page, 'Pool').getByLabel('Name').fill('fresh');
    await lookAhead(page, 'Pool');
    await onMap(page, '10.0.0.0/24 would be new').waitFor();
    await form(page, 'Pool').getByRole('button', { name: 'Make the pool' }).click();
    await form(page, 'Pool').getByText('Done.').waitFor();
    expect((await read(opened(), 'fresh')).ranges[0]?.[0]?.subnet).toBe('10.0.0.0/24');
    await page.close();
  });

  it('says what a declared death would free, and that a node which lives is not declared dead by mistake', async () => {
    const node = opened().fleet.leases[0]?.holding.node ?? '';
    const page = await opened().open(`/change/node/${encodeURIComponent(node)}`);
    await page.getByLabel('Why you are certain').fill('its disk is gone');
    await lookAhead(page, 'Its life is over');
    await page.getByText('It was heard of lately').waitFor();
    await page.getByRole('button', { name: 'Declare it dead' }).click();
    await page.getByRole('alert').getByText('node.alive').waitFor();
    await page.close();
  });
}
