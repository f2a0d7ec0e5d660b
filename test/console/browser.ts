/** Debian's Chromium, steered by playwright-core, which brings none of its own. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = process.env.CHROMIUM ?? PATHS.find((path) => existsSync(path));

/** For `available`. */
export const missingBrowser: readonly string[] = found === undefined ? ['chromium (apt-get install chromium)'] : [];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: found ?? 'chromium',
    // As root, and where /dev/shm is small: both as in containers.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--font-render-hinting=none'],
  });
