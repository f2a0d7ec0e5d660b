/** `lessorctl check --fix`: for each finding what mends it safely, seen first, then asked, then done. */
import { LessorError } from '../../core/contract/problems.ts';
import { shownText } from '../../core/contract/shown-text.ts';
import type { Fix, Misfit } from '../check/misfit.ts';
import type { Session } from '../session/session.ts';
import { nodeMeant } from './node-meant.ts';
import { nodeRunner } from './on-node.ts';
import { counted } from './words.ts';

/** `done`: it counts no more. `would`: of a dry run. `left`: nobody agreed, or a person decides. `failed`: and why. */
export interface Mended {
  readonly finding: Misfit;
  readonly did: 'done' | 'would' | 'left' | 'failed';
  readonly what: string;
}

interface Asked {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What a mend comes to, or came to. */
interface Mend {
  readonly question: string;
  /** Undefined where there is nothing that could be done; `why` then. */
  readonly would: string | undefined;
  readonly why?: string;
  carryOut(): Promise<string>;
}

/** One after the other, each once for all findings that it mends. */
export async function mended(session: Session, findings: readonly Misfit[], asked: Asked): Promise<Mended[]> {
  const outcomes = new Map<string, Pick<Mended, 'did' | 'what'>>();
  const all: Mended[] = [];
  for (const finding of findings) {
    const { fix } = finding;
    if (fix === undefined) {
      all.push({ finding, did: 'left', what: `not mended by itself: ${finding.remedy}` });
      continue;
    }
    const key = `${fix.kind} ${fix.node}`;
    const outcome = outcomes.get(key) ?? (await tried(session, fix, asked));
    outcomes.set(key, outcome);
    all.push({ finding, ...outcome });
  }
  return all;
}

async function tried(session: Session, fix: Fix, { dryRun, yes }: Asked): Promise<Pick<Mended, 'did' | 'what'>> {
  try {
    const mend = await (fix.kind === 'reconcile' ? reconciling(session, fix.node) : declaring(session, fix));
    if (mend.would === undefined) return { did: 'left', what: mend.why ?? 'nothing to do' };
    if (dryRun) return { did: 'would', what: mend.would };
    const agreed = yes || (await agrees(session, mend));
    if (agreed !== true)
      return { did: 'left', what: agreed === undefined ? 'nobody can be asked: give --yes' : 'not done' };
    return { did: 'done', what: await mend.carryOut() };
  } catch (error) {
    // Others are mended all the same.
    if (!(error instanceof LessorError)) throw error;
    return { did: 'failed', what: error.message };
  }
}

async function agrees({ shell, progress }: Session, { would, question }: Mend): Promise<boolean | undefined> {
  progress.clear();
  const answer = await shell.ask(`- ${shownText(would ?? '')}\n${shownText(question)} [y/N] `);
  return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim());
}

/** As `lessor reconcile --json` has it. */
interface Reconciled {
  readonly reported: number;
  readonly releasedLater: number;
  readonly ended: readonly unknown[];
  readonly released: readonly unknown[];
  readonly heldAgain: readonly unknown[];
  readonly lost: readonly unknown[];
}

async function reconciling(session: Session, id: string): Promise<Mend> {
  const name = (await nodeMeant(await session.service(), id))?.name ?? id;
  const lessor = await nodeRunner(session, { named: id, name }, 'lessor reconcile');
  const run = async (...more: string[]) => (await lessor(['reconcile', ...more])) as Reconciled;
  const would = await run('--dry-run');
  return {
    question: `Run lessor reconcile on node ${name}?`,
    would: `lessor reconcile on node ${name} would ${wordsOf(would, true)}`,
    carryOut: async () => `lessor reconcile on node ${name}: ${wordsOf(await run(), false)}`,
  };
}

function wordsOf({ reported, releasedLater, ended, released, heldAgain, lost }: Reconciled, dry: boolean): string {
  const free = `${dry ? 'release' : 'released'} ${counted(released.length + ended.length, 'lease')} without a reason`;
  const tell = `${dry ? 'tell' : 'told'} the service of ${reported + releasedLater} more`;
  const again = heldAgain.length === 0 ? '' : `; ${counted(heldAgain.length, 'lease')} held again`;
  const gone = lost.length === 0 ? '' : `; ${counted(lost.length, 'container')} without a lease, which it would assert`;
  return `${free}, and ${tell}${again}${dry ? gone : gone.replace('which it would assert', 'which another one may have')}`;
}

async function declaring(session: Session, { node, reason }: Fix & { kind: 'declare-dead' }): Promise<Mend> {
  const api = await session.service();
  const declare = (dryRun: 'true' | 'false') =>
    api.ask('declareDeath', { query: { dryRun }, body: { node, reason: reason.slice(0, 500) } });
  const { effects = [], refused, heardOfAt } = await declare('true');
  const question = `Is it certain that nothing of node ${node} runs any more? Declare it dead?`;
  const carryOut = async () => {
    const { incarnation } = await declare('false');
    return `node ${node} is declared dead (life ${incarnation}): what it had is freed within minutes`;
  };
  if (refused)
    return { question, would: undefined, why: `node ${node} was heard of at ${heardOfAt}: it is not dead`, carryOut };
  return { question, would: effects.join('; ') || `node ${node} would be declared dead`, carryOut };
}
