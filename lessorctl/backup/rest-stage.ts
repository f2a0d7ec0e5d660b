/** The stage of a REST API, as a private API has it. */
import {
  APIGatewayClient,
  GetStageCommand,
  type MethodSetting,
  type PatchOperation,
  UpdateStageCommand,
} from '@aws-sdk/client-api-gateway';
import { refusedByAws } from './aws-refusal.ts';
import { ADD, addRoute, isClosed, type Stage, type StageThrottle } from './stage.ts';

const ALL = '/*/*';
/** A path is one step of a JSON pointer. */
const ONLY_ADD = `/${ADD.path.replaceAll('/', '~1')}/${ADD.method}`;

export function restStage(apiId: string, stage: string, region: string, profile: string | undefined): Stage {
  const client = new APIGatewayClient({ region, ...(profile === undefined ? {} : { profile }) });
  const name = `REST API ${apiId}`;
  const meant = { restApiId: apiId, stageName: stage };
  const asked = <T>(what: string, sent: Promise<T>): Promise<T> =>
    sent.catch((cause: unknown) => {
      throw refusedByAws(`${name}: ${what}`, cause);
    });
  const settings = async (): Promise<Map<string, MethodSetting>> => {
    const { methodSettings = {} } = await asked('its stage cannot be read', client.send(new GetStageCommand(meant)));
    return new Map(Object.entries(methodSettings).map(([key, setting]) => [plain(key), setting]));
  };
  const patch = async (what: string, ...patchOperations: PatchOperation[]) => {
    await asked(what, client.send(new UpdateStageCommand({ ...meant, patchOperations })));
  };
  return {
    name,
    async read() {
      const methods = await settings();
      const all = throttleOf(methods.get(plain(ALL)));
      const add = methods.get(plain(ONLY_ADD));
      const others = [...methods].filter(([key]) => key !== plain(ALL) && key !== plain(ONLY_ADD));
      return {
        throttle: all,
        isClosedForAdds: add === undefined ? isClosed(all) : isClosed(throttleOf(add)),
        others: others.flatMap(([key, setting]) => (isClosed(throttleOf(setting)) ? [] : [key])),
      };
    },
    async close() {
      const has = (await settings()).has(plain(ONLY_ADD));
      await patch('it cannot be closed', ...throttling(ALL, CLOSED), ...(has ? throttling(ONLY_ADD, CLOSED) : []));
    },
    // In one request: no ADD may come between the two.
    openButAdds: (throttle) =>
      patch('it cannot be opened', ...throttling(ONLY_ADD, CLOSED), ...throttling(ALL, throttle)),
    async openAdds() {
      if (!(await settings()).has(plain(ONLY_ADD))) return;
      await patch(`${addRoute} cannot be opened`, { op: 'remove', path: ONLY_ADD });
    },
  };
}

/** API Gateway names a method now with its path's first slash, now without, and now with it escaped. */
const plain = (key: string): string => key.replaceAll('~1', '/').replace(/^\/+/, '');

const CLOSED: StageThrottle = { rate: 0, burst: 0 };

/** A stage without a throttle has the account's. */
const throttleOf = ({
  throttlingRateLimit: rate = Number.POSITIVE_INFINITY,
  throttlingBurstLimit: burst = Number.POSITIVE_INFINITY,
}: MethodSetting = {}): StageThrottle => ({ rate, burst });

const throttling = (path: string, { rate, burst }: StageThrottle): PatchOperation[] => [
  { op: 'replace', path: `${path}/throttling/rateLimit`, value: String(rate) },
  { op: 'replace', path: `${path}/throttling/burstLimit`, value: String(burst) },
];
