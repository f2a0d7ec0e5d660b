/** Why a pod gets an address, or none: the way through the pools, and the step that ended it. */
import { useState } from 'preact/hooks';
import type { ExplainResult } from '../../../core/contract/questions.ts';
import { ask, QuestionRefused } from '../ask/ask.ts';
import { vrf } from '../fleet/fleet.ts';
import { Field } from '../parts/field.tsx';
import { NodeLink, PoolLink, Problem } from '../parts/parts.tsx';
import { numberText } from '../parts/texts.ts';

const FIELDS = [
  ['namespace', 'Namespace', 'shop'],
  ['pod', 'Pod', 'web-6d4cf56db6-x7x2p'],
  ['node', 'Node', 'i-0123456789abcdef0'],
  ['cluster', 'Cluster', 'prod'],
  ['pools', 'Pools the network names', 'blue, green'],
  ['labels', 'Labels of the node', 'zone=a, rack=7'],
] as const;
type Given = Record<(typeof FIELDS)[number][0], string>;

const NOTHING: Given = { namespace: '', pod: '', node: '', cluster: '', pools: '', labels: '' };

export function WhyView() {
  const [given, setGiven] = useState<Given>(NOTHING);
  const [answer, setAnswer] = useState<ExplainResult | QuestionRefused | undefined>();
  const explain = async (event: Event) => {
    event.preventDefault();
    const refused = (error: unknown) =>
      error instanceof QuestionRefused ? error : new QuestionRefused('console.fault', String(error));
    setAnswer(await ask('explain', { body: questionOf(given) }).catch(refused));
  };
  return (
    <article class="page">
      <header class="page-head">
        <h1>Why does a pod get an address, or none?</h1>
      </header>
      <form class="form" onSubmit={explain}>
        {FIELDS.map(([key, label, example]) => (
          <Field
            key={key}
            label={label}
            example={example}
            value={given[key]}
            onInput={(value) => setGiven({ ...given, [key]: value })}
          />
        ))}
        <div class="form-end">
          <button type="submit" class="button button-main">
            Explain
          </button>
          <span class="quiet">Nothing is leased.</span>
        </div>
      </form>
      <div aria-live="polite">
        {answer instanceof QuestionRefused && <Problem error={answer} />}
        {answer !== undefined && !(answer instanceof QuestionRefused) && <Way explained={answer} />}
      </div>
    </article>
  );
}

const listOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function questionOf({ namespace, pod, node, cluster, pools, labels }: Given) {
  const named = { namespace, pod, node, cluster };
  return {
    vrf: vrf.value,
    pools: listOf(pools),
    labels: Object.fromEntries(
      listOf(labels).map((pair) => [pair.split('=')[0] ?? '', pair.split('=').slice(1).join('=')]),
    ),
    ...Object.fromEntries(Object.entries(named).flatMap(([key, value]) => (value.trim() ? [[key, value.trim()]] : []))),
  };
}

const RULES = {
  annotation: 'named by the pod',
  named: 'named by the network',
  selector: 'asks for such pods',
  default: 'takes what no other asks for',
};

/** Pools are tried from the top; the one that gives ends it. */
function Way({ explained }: { explained: ExplainResult }) {
  const tried = explained.pools.filter(({ rule }) => rule !== undefined);
  const passed = explained.pools.filter(({ rule }) => rule === undefined);
  return (
    <section class="way" aria-label="The way through the pools">
      <p class={`way-verdict ${explained.pool === undefined ? 'is-bad' : 'is-good'}`}>{explained.verdict}</p>
      <ol class="way-steps">
        {tried.map((step) => (
          <Step key={step.pool} step={step} ends={step.pool === explained.pool} />
        ))}
        {explained.pool === undefined && (
          <li class="way-step way-end">
            <span class="way-mark" aria-hidden="true">
              ✕
            </span>
            <strong>
              {tried.length === 0 ? 'No pool would be tried.' : 'No pool is left: the pod gets no address.'}
            </strong>
          </li>
        )}
      </ol>
      {passed.length > 0 && (
        <details class="way-passed">
          <summary>{numberText(passed.length + (explained.morePools ?? 0))} pools are passed over</summary>
          <ul>
            {passed.map(({ pool, verdict }) => (
              <li key={pool}>
                <PoolLink pool={pool} /> <span class="quiet">{verdict}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const Step = ({ step, ends }: { step: ExplainResult['pools'][number]; ends: boolean }) => (
  <li class={`way-step ${ends ? 'way-gives' : 'way-gives-none'}`}>
    <span class="way-mark" aria-hidden="true">
      {ends ? '✓' : '↓'}
    </span>
    <div>
      <strong>
        <PoolLink pool={step.pool} />
      </strong>{' '}
      <span class="chip">{step.rule && RULES[step.rule]}</span>
      <p>{step.verdict}</p>
      {step.blocks.length > 0 && (
        <details>
          <summary>{numberText(step.blocks.length)} blocks were looked at</summary>
          <ul class="way-blocks">
            {step.blocks.map((block) => (
              <li key={block.block}>
                <span class="mono">{block.block}</span> {block.verdict}
                <span class="quiet">
                  {' '}
                  {block.held} held, {block.cooling} cooling, {block.free} free
                </span>{' '}
                {block.node !== undefined && <NodeLink node={block.node} />}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  </li>
);
