/** The function that collects evidence: told EC2's events by a queue, and by a schedule to look at all instances. */
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { ec2InstanceLookup } from '../ec2/instance-lookup.ts';
import { eventBus } from '../events/event-bus.ts';
import { accountOf } from '../http/identity.ts';
import { emit, emitDeaths } from '../metrics/emit.ts';
import { busForEvents, evidenceAccounts, inBackground } from '../runtime.ts';
import type { Call } from '../use-cases/dependencies.ts';
import type { EvidenceDependencies } from '../use-cases/evidence/dependencies.ts';
import { type EventOutcome, instanceTerminated } from '../use-cases/evidence/instance-event.ts';
import { type SweepReport, sweepInstances } from '../use-cases/evidence/sweep-instances.ts';
import { tellDoubts } from '../use-cases/evidence/tell-doubt.ts';
import { terminatedEvent } from './event.ts';

/** With records it is of the queue, without of the schedule. */
export type EvidenceEvent = Partial<SQSEvent>;
type Surroundings = Pick<Context, 'getRemainingTimeInMillis' | 'invokedFunctionArn'>;

const dependencies = inBackground(eventBus(busForEvents));
let made: EvidenceDependencies | undefined;

/** The function's own ARN says whose it is and where: no setting can be wrong about it. */
function evidenceDependencies({ invokedFunctionArn }: Surroundings): EvidenceDependencies {
  const own = { ...accountOf(invokedFunctionArn), region: invokedFunctionArn.split(':')[3] ?? '' };
  made ??= { ...dependencies, own, otherAccounts: evidenceAccounts, instances: ec2InstanceLookup(own.id) };
  return made;
}

export const handler = (event: EvidenceEvent, context: Context) =>
  evidence(evidenceDependencies(context), event, context);

export async function evidence(
  deps: EvidenceDependencies,
  { Records }: EvidenceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse | SweepReport> {
  const call = { remainingMs: () => context.getRemainingTimeInMillis() };
  if (Records === undefined) {
    const report = await sweepInstances(deps, call);
    // Its metrics first: that there are none is what an alarm goes by, and the bus may take the time that is left.
    const shown = swept(report);
    const why = 'EC2 says nothing of it, or does not find it, although it was heard of lately';
    await tellDoubts(
      deps,
      call,
      report.unclear.map((node) => ({ node, why })),
    );
    return shown;
  }
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, body } of Records) {
    if (!(await isDone(() => judged(deps, call, body)))) batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

async function judged(
  deps: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  body: string,
): Promise<EventOutcome> {
  const outcome = await instanceTerminated(deps, call, terminatedEvent(body));
  if (outcome.is === 'unclear' && outcome.isDoubt) await tellDoubts(deps, call, [outcome]);
  return outcome;
}

/** What is not done is told again, and after its last time put away into the dead-letter queue, which has an alarm. */
async function isDone(judge: () => Promise<EventOutcome>): Promise<boolean> {
  try {
    const outcome = await judge();
    if (outcome.is === 'ended') {
      console.info({ message: 'EC2 says that a node is terminated', ...outcome });
      emit({ ReclaimedLeases: outcome.freed });
      emitDeaths(1, 'evidence');
    }
    if (outcome.is === 'unclear' || outcome.is === 'refused')
      console.error({ message: 'An event about an instance freed nothing', ...outcome });
    return outcome.is === 'ended' || outcome.is === 'nothing';
  } catch (cause) {
    console.error({ message: 'An event about an instance freed nothing', cause: String(cause) });
    return false;
  }
}

/** Each run tells its failures, of none too: that there is no run is what an alarm goes by. */
function swept(report: SweepReport): SweepReport {
  const { ended, unclear, failures, complete } = report;
  emit({
    EvidenceFailures: failures.length + unclear.length + Number(!complete),
    ReclaimedLeases: ended.reduce((sum, { freed }) => sum + freed, 0),
  });
  emitDeaths(ended.length, 'evidence');
  const shown = {
    ...report,
    unclear: unclear.slice(0, SHOWN),
    neverSeen: report.neverSeen.slice(0, SHOWN),
    failures: failures.slice(0, SHOWN),
  };
  if (failures.length + unclear.length > 0 || !complete)
    console.error({ message: 'A look at the instances freed nothing where EC2 did not say it', ...shown });
  else console.info(shown);
  return shown;
}
const SHOWN = 100;
