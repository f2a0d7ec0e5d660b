/** The steps of `lessorctl restore`, carried out in the rehearsal by the AWS SDK's own requests. Whoever deploys is the rehearsal. */

import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { listNodes } from '../../functions/use-cases/nodes/list-nodes.ts';
import { dynamodbTables } from '../../lessorctl/backup/dynamodb-tables.ts';
import { httpStage } from '../../lessorctl/backup/http-stage.ts';
import type { RestoreNote } from '../../lessorctl/backup/restore-note.ts';
import type { Deployed, RestoreParts } from '../../lessorctl/backup/restore-parts.ts';
import { carryOutSteps, restoreSteps } from '../../lessorctl/backup/restore-steps.ts';
import { bothTargets, type TwoTables, wholeSecond } from '../../lessorctl/backup/restored-tables.ts';
import { addRoute, type StageThrottle } from '../../lessorctl/backup/stage.ts';
import { callOf } from '../functions/world.ts';
import { type ControlPlane, controlPlane } from './control-plane.ts';

const REGION = 'us-east-1';
const OPEN: StageThrottle = { rate: 2_000, burst: 1_000 };

export interface RestoringDrill {
  readonly plane: ControlPlane;
  readonly target: TwoTables;
  throttle(): StageThrottle;
  /** Closes the API and makes the tables. @param live the service as it was @returns what the steps found */
  untilAttached(live: Dependencies): Promise<readonly string[]>;
  /** @param restored the service, with the restored tables @param look what the nodes do when they are let in */
  untilOpen(restored: Dependencies, look: () => Promise<void>): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** To the time that the clock has now. */
export async function restoringDrill(
  dynamodb: string,
  source: TwoTables,
  clock: { now: number },
): Promise<RestoringDrill> {
  const plane = await controlPlane(dynamodb, [source.pools, source.leases], () => clock.now);
  const { tables, stage } = await clientsAt(plane.endpoint, source.pools);
  const time = wholeSecond(new Date(clock.now).toISOString());
  const origin = { time, source, target: bothTargets(source, time) };
  let deployed: Deployed = { ...source, throttle: OPEN };
  let note: RestoreNote | undefined;

  async function carryOut(service: Dependencies, without: readonly string[], meanwhile: () => Promise<void>) {
    const told: string[] = [];
    const parts: RestoreParts = {
      ...{ tables, stage, deployed: async () => deployed, without: new Set(without), patience: 3_600_000 },
      nodes: async () =>
        (await listNodes(service, callOf('ann'), { limit: 100 })).nodes.map(({ node, alive, heartbeatAt }) => ({
          node,
          alive,
          heartbeatAt,
        })),
      notes: {
        get current() {
          return note;
        },
        async keep(changed) {
          note = changed;
        },
      },
      now: () => clock.now,
      async sleep(milliseconds) {
        clock.now += milliseconds;
        await meanwhile();
      },
      tell: () => {},
    };
    const waiting = await carryOutSteps(restoreSteps(origin, parts), {
      agree: async () => {},
      told: ({ name }, { facts }) => void told.push(`${name}: ${facts.join('; ')}`),
    });
    return { told, waiting };
  }

  return {
    plane,
    target: origin.target,
    throttle() {
      const { ThrottlingRateLimit: rate = 0, ThrottlingBurstLimit: burst = 0 } = plane.http.DefaultRouteSettings;
      return { rate, burst };
    },
    async untilAttached(live) {
      clock.now += 60_000;
      const { told, waiting } = await carryOut(live, [], async () => {});
      if (waiting?.step.name !== 'attach') throw new Error(`the restore stops at ${waiting?.step.name}`);
      deployed = { ...origin.target, throttle: { rate: 0, burst: 0 } };
      return told;
    },
    async untilOpen(restored, look) {
      let isLookedAt = false;
      const meanwhile = async () => {
        const isOpen =
          addRoute in plane.http.RouteSettings && plane.http.DefaultRouteSettings.ThrottlingRateLimit !== 0;
        if (isLookedAt || !isOpen) return;
        isLookedAt = true;
        await look();
        // Until agents would say again that they are up.
        clock.now += 5 * 60_000;
      };
      // Of i-6 the restored tables know nothing, since it holds nothing: a person has looked at it.
      const { waiting } = await carryOut(restored, ['i-6'], meanwhile);
      if (waiting?.step.name !== 'settings') throw new Error(`the restore stops at ${waiting?.step.name}`);
      deployed = { ...deployed, throttle: OPEN };
      const { told } = await carryOut(restored, ['i-6'], async () => {});
      return told.slice(4);
    },
    stop: plane.stop,
  };
}

/** A client keeps the endpoint of its first request. The functions' own go on to ask DynamoDB Local. */
async function clientsAt(endpoint: string, table: string) {
  const { AWS_ENDPOINT_URL_DYNAMODB: dynamodb } = process.env;
  Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_ENDPOINT_URL_APIGATEWAYV2: endpoint });
  const [tables, stage] = [dynamodbTables(REGION, undefined), httpStage('drill', REGION, undefined)];
  await tables.read(table);
  await stage.read();
  Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: dynamodb });
  delete process.env.AWS_ENDPOINT_URL_APIGATEWAYV2;
  return { tables, stage };
}
