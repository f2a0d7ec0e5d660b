/** The steps of a restore in which a person deploys, and the last one, which opens the API. */
import { at, isAttached, noteMore, noteOf, type RestoreParts, type RestoreStep } from './restore-parts.ts';
import type { RestoreOrigin } from './restored-tables.ts';
import { addRoute, isClosed } from './stage.ts';

export function attachStep(origin: RestoreOrigin, parts: RestoreParts): RestoreStep {
  return {
    name: 'attach',
    what: 'attach both by the settings, still closed, and deploy',
    async look() {
      const deployed = await parts.deployed();
      if (!isAttached(origin, deployed))
        return { state: 'waits', facts: [`attached is ${deployed.leases}`], say: await settingsOf(origin, parts) };
      const isSaid = deployed.throttle === undefined || isClosed(deployed.throttle) || isOver(parts);
      const warning = 'the settings have no throttle of 0: the next deployment may open the API';
      return { state: 'done', facts: ['both are attached', ...(isSaid ? [] : [warning])] };
    },
  };
}

const isOver = ({ notes }: RestoreParts): boolean => notes.current?.lookedAt !== undefined;

/** As they are pasted into lessor.settings.ts. */
async function settingsOf({ target }: RestoreOrigin, { tables }: RestoreParts): Promise<string> {
  const [pools, leases] = [await tables.read(target.pools), await tables.read(target.leases)];
  const streams = [
    `leasesStreamArn: '${leases?.streamArn ?? '<the ARN of the stream, once the table is there>'}',`,
    ...(pools?.streamArn === undefined ? [] : [`poolsStreamArn: '${pools.streamArn}',`]),
  ];
  return [
    'Put this into the settings of the stack (keep history, if tables has it), then deploy:',
    '',
    '    throttle: { rate: 0, burst: 0 },',
    '    tables: {',
    `      pools: '${target.pools}',`,
    `      leases: '${target.leases}',`,
    ...streams.map((line) => `      ${line}`),
    '    },',
    '',
    'npx cdk deploy; then the same command goes on.',
  ].join('\n');
}

export function settingsStep(parts: RestoreParts): RestoreStep {
  return {
    name: 'settings',
    what: 'take the throttle of 0 out of the settings, and deploy',
    async look() {
      const { throttle } = await parts.deployed();
      if (throttle !== undefined && !isClosed(throttle))
        return { state: 'done', facts: [`they have ${throttle.rate} requests a second`] };
      const { rate, burst } = parts.notes.current?.throttle ?? {};
      const before = rate === undefined ? '' : ` (before it was { rate: ${rate}, burst: ${burst} })`;
      return {
        state: 'waits',
        facts: ['they close the API'],
        say: `Take throttle: { rate: 0, burst: 0 } out of the settings${before}, and leave tables in them. npx cdk deploy; then the same command goes on.`,
      };
    },
  };
}

export function openStep(parts: RestoreParts): RestoreStep {
  const { stage } = parts;
  return {
    name: 'open',
    what: `open ${addRoute} too: pods get addresses again`,
    asks: `Open ${addRoute}?`,
    async look() {
      const { throttle, isClosedForAdds } = await stage.read();
      if (parts.notes.current?.doneAt !== undefined) return { state: 'done', facts: [`at ${noteOf(parts).doneAt}`] };
      return { state: 'to do', facts: [isClosed(throttle) || isClosedForAdds ? 'it is closed' : 'it is open'] };
    },
    async carryOut() {
      const { throttle } = await stage.read();
      // A deployment of the same throttle as before changes nothing of a stage that somebody closed by hand.
      if (isClosed(throttle)) await stage.openButAdds((await parts.deployed()).throttle ?? noteOf(parts).throttle);
      await stage.openAdds();
      await noteMore(parts, { doneAt: at(parts.now()) });
    },
  };
}
