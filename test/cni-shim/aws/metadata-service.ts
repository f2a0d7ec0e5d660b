/** Instance metadata, version 2, as EC2 serves it, and a container credential endpoint beside it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../fake-api.ts';

const ROLE = '/latest/meta-data/iam/security-credentials/';
const TOKEN = 'metadata-session-token';
export const CONTAINER_TOKEN = 'container-authorization-token';

export class MetadataService {
  /** How often credentials were given out. */
  given = 0;
  lifeMs = 6 * 3_600_000;
  /** How often it was asked. */
  asked = 0;
  /** Status codes to answer with before answering properly; `silence` is no answer at all. */
  readonly failures: (number | 'silence')[] = [];
  identity: Identity;
  readonly #server: Server;

  private constructor(identity: Identity) {
    this.identity = identity;
    this.#server = createServer((request, response) => {
      this.asked++;
      const failure = this.failures.shift();
      if (failure === 'silence') return;
      const reply = (status: number, text: string) => response.writeHead(status).end(text);
      const { url, method, headers } = request;
      if (failure !== undefined) reply(failure, 'no');
      else if (url === '/container') reply(...this.#container(headers.authorization));
      else if (url === '/latest/api/token' && method === 'PUT')
        headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined ? reply(400, '') : reply(200, TOKEN);
      else if (headers['x-aws-ec2-metadata-token'] !== TOKEN) reply(401, '');
      else if (url === ROLE) reply(200, 'node-role');
      else if (url === `${ROLE}node-role`) reply(200, this.#credentials());
      else reply(404, '');
    });
  }

  static async start(identity: Identity): Promise<MetadataService> {
    const service = new MetadataService(identity);
    await new Promise<void>((listening) => service.#server.listen(0, '127.0.0.1', listening));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #container(authorization: string | undefined): [number, string] {
    return authorization === CONTAINER_TOKEN ? [200, this.#credentials()] : [401, ''];
  }

  #credentials(): string {
    this.given++;
    const { accessKeyId, secretAccessKey, sessionToken } = this.identity;
    const expiration = new Date(Date.now() + this.lifeMs).toISOString();
    return JSON.stringify({
      Code: 'Success',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration,
    });
  }
}
