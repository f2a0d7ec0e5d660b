/** The console in a real browser, on the local stack with a made fleet of forty clusters. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { thePageAsksForLittle } from './asking.suite.ts';
import { missingBrowser } from './browser.ts';
import { poolsAreChanged } from './changes.suite.ts';
import { theMapHasOtherColours } from './colours.suite.ts';
import { MARKUP } from './fleet.ts';
import { markupIsText } from './hostile.suite.ts';
import { type OpenedConsole, openConsole } from './open-console.ts';
import { axe, beyondTheScreen, picturesOf, screens, seriousFindings, sights } from './sights.ts';

const runs = available('the console in a browser', missingBrowser);
let opened: OpenedConsole;
/** Milliseconds: it is waited for a state, however slow the machine is. */
const patience = { timeout: 30_000 };

beforeAll(async () => {
  if (runs) opened = await openConsole();
}, 240_000);
afterAll(() => opened?.close());

const map = (page: Page) => page.getByRole('application');
const tip = (page: Page) => page.locator('.tip');
/** The middle of the map, once the map shows it. */
async function near(page: Page, subnet: string): Promise<{ x: number; y: number }> {
  await page.evaluate(`location.hash = '/?at=${encodeURIComponent(subnet)}'`);
  await page.getByText('click opens the address').waitFor();
  const { x, y, width, height } = (await map(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x + width / 2, y: y + height / 2 };
}

describe.runIf(runs)('the map', () => {
  it('lists every pool, and how full those are that are seen', async () => {
    const page = await opened.open();
    await page.locator('.side-head').getByText(String(opened.fleet.pools.length), { exact: true }).waitFor();
    await page.getByRole('button', { name: /^checkout/ }).waitFor();
    await expect.poll(() => page.locator('.share-text').first().textContent(), patience).toMatch(/^\d+ %$/);
    expect(page.wrong).toEqual([]);
    await page.close();
  });

  it('says who has the address under the pointer, and a click opens it', async () => {
    const page = await opened.open();
    const { leases } = opened.fleet;
    const middle = await near(page, '10.8.0.0/24');
    const seen = new Map(leases.filter(({ pool }) => pool === 'checkout').map((lease) => [lease.address, lease]));
    await page.mouse.move(middle.x + 30, middle.y + 30);
    let address = '';
    // The pointer's place may come to be another address while the map settles: the words are those of the address beside them.
    const isRight = async () => {
      const words = (await tip(page).textContent()) ?? '';
      address = (await page.locator('.tip-address').textContent()) ?? '';
      const { namespace, name } = seen.get(address)?.holding.pod ?? {};
      return seen.has(address) ? words.includes(`${namespace}/${name}`) : /free|cooling|reserved|excluded/.test(words);
    };
    await expect.poll(isRight, patience).toBe(true);
    await page.mouse.click(middle.x + 30, middle.y + 30);
    await page.getByRole('heading', { name: address, exact: true }).waitFor();
    expect(page.wrong).toEqual([]);
    await page.close();
  });

  it('is walked through with the arrows, which read out what they come to', async () => {
    const page = await opened.open();
    await near(page, '10.8.0.0/24');
    await map(page).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const said = page.locator('[aria-live=polite]').filter({ hasText: 'pool checkout' });
    await said.waitFor({ state: 'attached' });
    const address = /^[\d.]+/.exec((await said.textContent()) ?? '')?.[0] ?? '';
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: address, exact: true }).waitFor();
    await page.close();
  });

  it('shows the used blocks of an IPv6 pool', async () => {
    const page = await opened.open('/?ipv6=edge-v6');
    await map(page).and(page.getByLabel('Used blocks of pool edge-v6')).waitFor();
    await page.getByText('click opens the address').waitFor();
    const { x, y, width, height } = (await map(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(x + width / 2, y + height / 2);
    await expect.poll(() => page.locator('.tip-address').textContent(), patience).toMatch(/^fd00:beef::/);
    await page.close();
  });

  it('asks for the leases of what is on the screen alone', async () => {
    const page = await opened.open();
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes('/ask/listLeases') && asked.push(request.postData() ?? ''));
    await near(page, '10.8.0.0/24');
    await expect.poll(() => asked.length, patience).toBeGreaterThan(0);
    expect(new Set(asked.map((text) => JSON.parse(text).path.pool))).toEqual(new Set(['checkout']));
    expect(asked.map((text) => JSON.parse(text).query)).toContainEqual({
      vrf: 'default',
      fromBlock: '0',
      toBlock: '3',
    });
    await page.close();
  });
});

const found = (page: Page) => page.getByRole('listbox', { name: 'Found' }).getByRole('option');

describe.runIf(runs)('the search', () => {
  it('is come to with a slash, and opens an address with Enter', async () => {
    const page = await opened.open();
    await map(page).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('10.8.0.2');
    await found(page).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '10.8.0.2', exact: true }).waitFor();
    await page.close();
  });

  it.each([
    ['CHECKOUT', 'pool', 'checkout'],
    ['10.8.0.0/24', 'prefix', '10.8.0.0/24'],
    ['FD00:8:0::2', 'address', 'fd00:8::2'],
    ['Shop/web-0', 'pod', 'shop/web-0'],
    ['ip-10-0-0-7.', 'node', 'ip-10-0-0-7.ec2.internal'],
  ])('finds by %s the %s', async (text, kind, name) => {
    const page = await opened.open();
    await page.getByRole('combobox', { name: /^Search/ }).fill(text);
    const option = found(page).filter({ has: page.getByText(kind, { exact: true }) });
    await option.getByText(name, { exact: true }).first().waitFor();
    await page.close();
  });
});

describe.runIf(runs)('a pod’s name without its namespace', () => {
  it('leads to all pods of that name, and each of them to its own page', async () => {
    const [, , { holding, address } = { holding: undefined, address: '' }] = opened.fleet.leases;
    const { namespace = '', name = '' } = holding?.pod ?? {};
    const page = await opened.open('/pools');
    await page.getByRole('combobox', { name: /^Search/ }).fill(name.toUpperCase());
    await found(page).getByText('pods of this name, in each namespace').click();
    await page.getByRole('link', { name: address, exact: true }).waitFor();
    await page.getByRole('link', { name: `${namespace}/${name}` }).click();
    await page.getByRole('heading', { name: `${namespace}/${name}` }).waitFor();
    await page.getByRole('heading', { name: 'Changes of pool checkout' }).waitFor();
    expect(page.wrong).toEqual([]);
    await page.close();
  });
});

describe.runIf(runs)('an address, a pod, a node', () => {
  it('have their present and their past, and lead to each other', async () => {
    const [first] = opened.fleet.leases;
    const page = await opened.open(`/address/${first?.address}`);
    await page.getByRole('img', { name: `Who had ${first?.address} when` }).waitFor();
    expect(await page.locator('.time-line rect').count()).toBeGreaterThanOrEqual(10);
    await page
      .getByRole('link', { name: first?.holding.node ?? '' })
      .first()
      .click();
    await page.getByText('alive', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Leases', exact: true }).getByText(MARKUP).click();
    await page.getByRole('heading', { name: MARKUP }).waitFor();
    await page
      .getByRole('region', { name: 'Leases', exact: true })
      .getByText(first?.address ?? '')
      .waitFor();
    expect(page.wrong).toEqual([]);
    await page.close();
  });
});

describe.runIf(runs)('nothing happens', () => {
  it('where a page of another origin asks, or shows the console in a frame', async () => {
    const { origin } = new URL(opened.console.address);
    const evil = createServer((_, answer) =>
      answer
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<iframe src="${origin}/"></iframe><form method="post" enctype="text/plain" action="${origin}/ask/deletePool"></form>`,
        ),
    ).listen(0, '127.0.0.1');
    await new Promise((done) => evil.once('listening', done));
    const page = await opened.open();
    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    const ask = `fetch('${origin}/ask/listPools', { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' }).then(() => 'answered', () => 'refused')`;
    expect(await page.evaluate(ask)).toBe('refused');
    expect(
      await page
        .frames()[1]
        ?.evaluate('document.body?.innerText ?? ""')
        .catch(() => ''),
    ).not.toContain('Pools');
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().includes('/ask/deletePool')),
      page.evaluate('document.forms[0].submit()'),
    ]);
    expect(answer.status()).toBe(403);
    evil.close();
    await page.close();
  });

  it('without the token', async () => {
    const context = await opened.browser.newContext();
    const page = await context.newPage();
    expect((await page.goto(new URL('/', opened.console.address).href))?.status()).toBe(403);
    expect(await page.textContent('body')).toContain('Open the address that lessorctl ui prints.');
    await context.close();
  });
});

describe.runIf(runs).each(screens)('on a $name screen', ({ name: screen, options }) => {
  const seen = sights.filter(({ inTheDark }) => screen !== 'dark' || inTheDark);
  let page: Page;
  // The policy lets no script in but the page's own, and so not axe.
  beforeAll(async () => {
    page = await opened.open('/', { ...options, bypassCSP: true });
    await page.addScriptTag({ path: axe });
  });
  afterAll(() => page?.context().close());

  it.each(seen)(
    '$name is seen, is as wide as the screen, and axe finds nothing serious',
    async ({ name, hash, ready }) => {
      mkdirSync(picturesOf(screen), { recursive: true });
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await ready(page);
      await page.screenshot({ path: join(picturesOf(screen), `${name}-${screen}.png`) });
      expect(await seriousFindings(page)).toEqual([]);
      expect(await beyondTheScreen(page)).toEqual([]);
    },
  );
});

it.runIf(runs)('a field without a name is found by axe, and one beyond the screen as well', async () => {
  const page = await opened.open('/', { bypassCSP: true });
  await page.addScriptTag({ path: axe });
  await page.evaluate(`document.querySelector('main').append(document.createElement('input'))`);
  expect(await seriousFindings(page)).toEqual(['label: <input>']);
  await page.evaluate(`document.querySelector('main input').style.marginLeft = '2000px'`);
  expect(await beyondTheScreen(page)).toContain('INPUT');
  await page.context().close();
});

describe.runIf(runs)('pools', () => poolsAreChanged(() => opened));
describe.runIf(runs)('the map', () => theMapHasOtherColours(() => opened));
describe.runIf(runs)('markup is text in', () => markupIsText(() => opened));
// It sets the clock of the browser's context, which is that of every page after it.
describe.runIf(runs)('the page', () => thePageAsksForLittle(() => opened));
