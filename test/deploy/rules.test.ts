import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseYaml, stringifyYaml } from '@redocly/openapi-core';
import { afterAll, describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { type Alert, alerts, asAsked, dashboard, panelExpressions, RULES } from './expressions.ts';
import { missingTools, PROMTOOL } from './tools.ts';

const CASES = fileURLToPath(new URL('rules.yaml', import.meta.url));

interface Case {
  readonly alertname: string;
  readonly exp_alerts: readonly object[];
}

const cases = (): Case[] =>
  (parseYaml(readFileSync(CASES, 'utf8')) as { tests: { alert_rule_test: Case[] }[] }).tests.flatMap(
    ({ alert_rule_test: all }) => all,
  );
const namesOf = (all: readonly Case[]) => [...new Set(all.map(({ alertname }) => alertname))].sort();
const names = () =>
  alerts()
    .map(({ alert }) => alert)
    .sort();

describe('the cases of the alerts', () => {
  it('have each alert fire, and not fire', () => {
    expect(namesOf(cases().filter(({ exp_alerts: fired }) => fired.length > 0))).toEqual(names());
    expect(namesOf(cases().filter(({ exp_alerts: fired }) => fired.length === 0))).toEqual(names());
  });
});

describe.skipIf(!available("promtool's word on the alerts", missingTools(PROMTOOL), 'may be missing'))(
  'promtool',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));
    copyFileSync(CASES, join(directory, 'cases.yaml'));

    function promtool(verb: 'check' | 'test', rules: string): { ok: boolean; said: string } {
      writeFileSync(join(directory, 'rules.yaml'), rules);
      const file = join(directory, verb === 'check' ? 'rules.yaml' : 'cases.yaml');
      const { status, stdout, stderr } = spawnSync(PROMTOOL, [verb, 'rules', file], { encoding: 'utf8' });
      return { ok: status === 0, said: `${stdout}${stderr}` };
    }
    const changed = (change: (alert: Alert) => object) =>
      stringifyYaml({ groups: [{ name: 'all', rules: alerts().map((alert) => ({ ...alert, ...change(alert) })) }] });

    it('finds nothing wrong, and each alert fires where it is to, with its words', () => {
      const rules = readFileSync(RULES, 'utf8');
      expect(promtool('check', rules)).toMatchObject({ ok: true });
      expect(promtool('test', rules)).toEqual({ ok: true, said: expect.stringContaining('SUCCESS') });
    });

    it.each([
      ['never fire', 'vector(0) > 1'],
      ['always fire', 'vector(1)'],
    ])('would find alerts that %s', (_, expr) => {
      const { ok, said } = promtool(
        'test',
        changed(() => ({ expr, for: '0s' })),
      );
      expect(ok).toBe(false);
      expect([...new Set([...said.matchAll(/alertname:\s*(\w+)/g)].map(([, name = '']) => name))].sort()).toEqual(
        names(),
      );
    });

    it('understands each expression of the dashboard', () => {
      const record = (expr: string, index: number) => ({ record: `asked:${index}`, expr: asAsked(expr) });
      const group = (expressions: readonly string[]) =>
        stringifyYaml({ groups: [{ name: 'panels', rules: expressions.map(record) }] });
      const asked = panelExpressions(dashboard());
      expect(promtool('check', group(asked))).toEqual({
        ok: true,
        said: expect.stringContaining(`${asked.length} rules`),
      });
      expect(promtool('check', group([...asked, 'sum by node (up)']))).toMatchObject({ ok: false });
    });
  },
);
