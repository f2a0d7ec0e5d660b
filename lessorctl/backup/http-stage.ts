/** The stage of an HTTP API. */
import {
  ApiGatewayV2Client,
  DeleteRouteSettingsCommand,
  GetStageCommand,
  type RouteSettings,
  UpdateStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import { isNotThere, refusedByAws } from './aws-refusal.ts';
import { addRoute, isClosed, type Stage, type StageThrottle } from './stage.ts';

const STAGE = '$default';

export function httpStage(apiId: string, region: string, profile: string | undefined): Stage {
  const client = new ApiGatewayV2Client({ region, ...(profile === undefined ? {} : { profile }) });
  const name = `HTTP API ${apiId}`;
  const meant = { ApiId: apiId, StageName: STAGE };
  const asked = <T>(what: string, sent: Promise<T>): Promise<T> =>
    sent.catch((cause: unknown) => {
      throw refusedByAws(`${name}: ${what}`, cause);
    });
  const get = async () => {
    const { DefaultRouteSettings = {}, RouteSettings = {} } = await asked(
      'its stage cannot be read',
      client.send(new GetStageCommand(meant)),
    );
    return { all: DefaultRouteSettings, routes: RouteSettings };
  };
  return {
    name,
    async read() {
      const { all, routes } = await get();
      const { [addRoute]: add, ...others } = routes;
      return {
        throttle: throttleOf(all),
        isClosedForAdds: add === undefined ? isClosed(throttleOf(all)) : isClosed(throttleOf(add)),
        others: Object.keys(others).filter((route) => !isClosed(throttleOf(others[route] ?? {}))),
      };
    },
    async close() {
      const { all, routes } = await get();
      const { [addRoute]: add } = routes;
      const settings = {
        DefaultRouteSettings: throttled(all, CLOSED),
        ...(add === undefined ? {} : { RouteSettings: { ...routes, [addRoute]: throttled(add, CLOSED) } }),
      };
      await asked('it cannot be closed', client.send(new UpdateStageCommand({ ...meant, ...settings })));
    },
    async openButAdds(throttle) {
      const { all, routes } = await get();
      // In one request: no ADD may come between the two.
      const settings = {
        DefaultRouteSettings: throttled(all, throttle),
        RouteSettings: { ...routes, [addRoute]: throttled(routes[addRoute] ?? {}, CLOSED) },
      };
      await asked('it cannot be opened', client.send(new UpdateStageCommand({ ...meant, ...settings })));
    },
    async openAdds() {
      const sent = client.send(new DeleteRouteSettingsCommand({ ...meant, RouteKey: addRoute }));
      await asked(
        `${addRoute} cannot be opened`,
        sent.catch((error: unknown) => {
          if (!isNotThere(error)) throw error;
        }),
      );
    },
  };
}

const CLOSED: StageThrottle = { rate: 0, burst: 0 };

/** A stage without a throttle has the account's. */
const throttleOf = ({
  ThrottlingRateLimit: rate = Number.POSITIVE_INFINITY,
  ThrottlingBurstLimit: burst = Number.POSITIVE_INFINITY,
}: RouteSettings): StageThrottle => ({ rate, burst });

const throttled = (settings: RouteSettings, { rate, burst }: StageThrottle): RouteSettings => ({
  ...settings,
  ThrottlingRateLimit: rate,
  ThrottlingBurstLimit: burst,
});
