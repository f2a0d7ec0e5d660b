/** What the chart's own ClusterRole lets the agent do, as Kubernetes' RBAC reads it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export interface Wanted {
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource: nodes/status. */
  readonly resource: string;
}

const TEMPLATE = fileURLToPath(new URL('../../deploy/chart/lessor/templates/kubernetes-rights.yaml', import.meta.url));

/** The rules have nothing of a template in them, so they are the same however the chart is rendered. */
export function rulesOfChart(): readonly Rule[] {
  const [, rules] = /^(rules:\n(?: .*\n)+)/m.exec(readFileSync(TEMPLATE, 'utf8')) ?? [];
  if (rules === undefined) throw new Error(`${TEMPLATE} has no rules`);
  return (parse(rules) as { rules: Rule[] }).rules;
}

export const allows = (rules: readonly Rule[], { verb, apiGroup, resource }: Wanted): boolean =>
  rules.some(
    ({ verbs, apiGroups, resources }) =>
      verbs.includes(verb) && apiGroups.includes(apiGroup) && resources.includes(resource),
  );
