/** The page of the console. */
import { render } from 'preact';
import { App } from './app.tsx';
import { enter, settings } from './fleet/fleet.ts';

// The token has been exchanged: it is not left in the address.
if (location.search !== '') history.replaceState(null, '', `/${location.hash}`);

const root = document.getElementById('console');
if (root !== null) {
  settings.value = JSON.parse(root.dataset.settings ?? '');
  enter(settings.value.vrf);
  render(<App />, root);
}
