/** EC2's DescribeInstances behind the port: whatever is not certainly an answer to what was asked is a failure. */
import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  EC2Client,
  type Instance,
} from '@aws-sdk/client-ec2';
import { type InstanceState, instanceStates } from '../../core/protocol/node.ts';
import type { InstanceLookup, LookupAnswer } from '../use-cases/evidence/instance-lookup.ts';

const REQUEST = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
const ATTEMPTS = 4;
/** Of one question: a repeat for instances that EC2 does not know, and pages, which it should not need. */
const MOST_REQUESTS = 20;

/** For the notes of what an answer comes to, and for the next question's failure. */
const RESERVE_MS = 5_000;

interface Source {
  readonly client: EC2Client;
  /** Ends a question whose time is up. */
  readonly abortSignal: AbortSignal;
}

/** @param account the deployment's own */
export function ec2InstanceLookup(account: string): InstanceLookup {
  const clients = new Map<string, EC2Client>();
  const clientOf = (region: string): EC2Client => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = new EC2Client({ region, maxAttempts: ATTEMPTS, retryMode: 'standard', requestHandler: REQUEST });
    clients.set(region, client);
    return client;
  };
  return {
    lookUp: async (region, ids, { remainingMs }) => {
      // However often it is tried, and however many pages there are: what is known has to be written down too.
      const abortSignal = AbortSignal.timeout(Math.max(0, remainingMs() - RESERVE_MS));
      try {
        return { is: 'answered', states: await statesOf({ client: clientOf(region), abortSignal }, account, ids) };
      } catch (error) {
        return abortSignal.aborted ? OUT_OF_TIME : failed(error);
      }
    },
  };
}

/** @throws WrongAnswer and what the client throws */
async function statesOf(
  from: Source,
  account: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, InstanceState>> {
  const states = new Map<string, InstanceState>();
  // Without ids EC2 answers with all instances of the account.
  let asked = [...new Set(ids)];
  let page: string | undefined;
  for (let request = 1; asked.length > 0; request += 1) {
    if (request > MOST_REQUESTS) throw new WrongAnswer(`it had no answer in ${MOST_REQUESTS} requests`);
    const answer = await describe(from, asked, page);
    if ('notFound' in answer) {
      // One unknown id keeps back what is known of all the others: they are asked for again.
      for (const id of answer.notFound) say(states, id, 'not-found');
      asked = asked.filter((id) => !answer.notFound.has(id));
      page = undefined;
      continue;
    }
    for (const [id, state] of read(answer, account, new Set(asked))) say(states, id, state);
    page = answer.NextToken;
    if (!page) return states;
  }
  return states;
}

function say(states: Map<string, InstanceState>, id: string, state: InstanceState): void {
  if ((states.get(id) ?? state) !== state) throw new WrongAnswer(`it says two things of ${id}`);
  states.set(id, state);
}

type Answer = DescribeInstancesCommandOutput | { readonly notFound: ReadonlySet<string> };

async function describe(
  { client, abortSignal }: Source,
  asked: readonly string[],
  page: string | undefined,
): Promise<Answer> {
  try {
    const input = { InstanceIds: [...asked], ...(page === undefined ? {} : { NextToken: page }) };
    return await client.send(new DescribeInstancesCommand(input), { abortSignal });
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== NOT_FOUND) throw error;
    // It names them: "The instance IDs 'i-1, i-2' do not exist". What was not asked for is no answer.
    const named = new Set(message.match(/\bi-[0-9a-f]{8,17}\b/g));
    if (named.size === 0 || [...named].some((id) => !asked.includes(id)))
      throw new WrongAnswer(`it does not find what was not asked for: ${message}`);
    return { notFound: named };
  }
}
const NOT_FOUND = 'InvalidInstanceID.NotFound';

function* read(
  { Reservations }: DescribeInstancesCommandOutput,
  account: string,
  asked: ReadonlySet<string>,
): Generator<[string, InstanceState]> {
  if (Reservations === undefined) throw new WrongAnswer('it has no reservations');
  for (const { OwnerId, Instances = [] } of Reservations) {
    if (OwnerId !== account) throw new WrongAnswer(`it is of account ${OwnerId}, not of ${account}`);
    for (const instance of Instances) yield [idOf(instance, asked), stateOf(instance)];
  }
}

function idOf({ InstanceId = '' }: Instance, asked: ReadonlySet<string>): string {
  if (!asked.has(InstanceId))
    throw new WrongAnswer(`it tells of ${InstanceId || 'no instance'}, which was not asked for`);
  return InstanceId;
}

function stateOf({ InstanceId, State }: Instance): InstanceState {
  const state = instanceStates.find((one) => one !== NEVER_SAID && one === State?.Name);
  if (state === undefined) throw new WrongAnswer(`${InstanceId} has the state ${State?.Name}`);
  return state;
}

/** It is no state of an instance: EC2 says it by an error. */
const NEVER_SAID: InstanceState = 'not-found';

class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** With the code, by which a missing right is told from a throttled request. */
const failed = (error: unknown): LookupAnswer => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { is: 'failed', why: `DescribeInstances: ${name}: ${message}` };
};

const OUT_OF_TIME: LookupAnswer = {
  is: 'failed',
  why: 'DescribeInstances: EC2 did not answer in the time that the run had left',
};
