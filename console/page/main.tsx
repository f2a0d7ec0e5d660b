/** The page of the console. */
import { render } from 'preact';
import { App } from './app.tsx';
import { enter, settings } from './fleet/fleet.ts';

async function start(root: Element): Promise<void> {
  const answer = await fetch('/settings');
  if (answer.ok) {
    settings.value = await answer.json();
    enter(settings.value.vrf);
  }
  render(<App />, root);
}

const root = document.getElementById('console');
if (root !== null) void start(root);
