/** docs/events.md is what the contract says, and its examples are events. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EventType } from '../../../core/contract/event-types.ts';
import { eventTypes } from '../../../core/contract/events.ts';
import { eventExamples } from '../../../local/events-page/examples.ts';
import { eventsPage } from '../../../local/events-page/page.ts';

const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');

describe('The page of events', () => {
  it('is current: run `npm run events` where it is not', () => {
    expect(page).toBe(eventsPage());
  });

  it('has an example of each event that is one, with each field that the event may have', () => {
    for (const [type, { detail, detailType }] of Object.entries(eventTypes)) {
      const example = eventExamples[type as EventType];
      expect(detail.parse(example)).toEqual(example);
      expect([type, ...Object.keys(example).sort()]).toEqual([type, ...Object.keys(detail.shape).sort()]);
      expect(page).toContain(`## ${detailType}\n`);
    }
  });

  it('knows no two events by one name', () => {
    const names = Object.values(eventTypes).map(({ detailType }) => detailType);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^Lessor( [A-Z][a-z]+)+$/);
  });
});
