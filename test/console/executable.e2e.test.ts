/** The page is in lessorctl's executable: nothing is built where it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildControl } from '../../lessorctl/build/build.ts';

it('the executable serves the page by itself, from an empty directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lessorctl-'));
  const api = createServer((_, answer) => answer.writeHead(200).end('{"pools":[]}')).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const path = await buildControl(join(directory, 'lessorctl'));
  const child = spawn(
    path,
    ['ui', '--no-open', '--endpoint', `http://127.0.0.1:${(api.address() as AddressInfo).port}`],
    {
      cwd: directory,
      env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1', HOME: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const address = line.trim();
    const cookie = (await fetch(address)).headers.get('set-cookie')?.split(';')[0] ?? '';
    const { origin } = new URL(address);
    const read = (file: string) => fetch(`${origin}${file}`, { headers: { cookie } });
    expect(await (await read('/')).text()).toContain('<script src="/console.js"');
    const files = ['/console.js', '/console.css', '/icon.svg', '/inter-latin-wght-normal.woff2'];
    for (const file of files)
      expect([file, (await (await read(file)).arrayBuffer()).byteLength > 100]).toEqual([file, true]);
  } finally {
    child.kill();
    await once(child, 'exit');
    api.close();
    rmSync(directory, { recursive: true });
  }
}, 180_000);
