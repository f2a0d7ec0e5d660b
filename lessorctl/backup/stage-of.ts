/** The stage of the API that is meant. Which kind of API it is, its URL tells: a REST API has its stage as the path. */
import { wrong } from '../settings/wrong.ts';
import type { Stage } from './stage.ts';

const HOST = /^([a-z0-9]+)(?:-vpce-[0-9a-f]+)?\.execute-api\./;

/** @param apiId as the stack says it; else it is read from the endpoint. @throws LessorError `request.invalid` */
export async function stageOf(
  {
    endpoint,
    region,
    profile,
  }: { readonly endpoint: string; readonly region: string; readonly profile: string | undefined },
  apiId: string | undefined,
): Promise<Stage> {
  const { hostname, pathname } = new URL(endpoint);
  const id = apiId ?? HOST.exec(hostname)?.[1];
  if (id === undefined)
    throw wrong(
      `${endpoint} does not say which API of API Gateway it is`,
      'give the --stack whose output ApiId says it',
    );
  const stage = pathname.replace(/^\/+|\/+$/g, '');
  if (stage === '') return (await import('./http-stage.ts')).httpStage(id, region, profile);
  return (await import('./rest-stage.ts')).restStage(id, stage, region, profile);
}
