/** A way to the API that can fail: TCP connections of nodes, passed on, refused, or taken and never answered. */
import net from 'node:net';

/**
 * `refused`: nobody listens, and connections that there were are reset.
 * `silent`: connections are taken, and what is sent on them is lost.
 * `late`: the same, but all of it arrives when the weather changes, whether or not somebody still waits for the answer.
 */
export type Weather = 'clear' | 'refused' | 'silent' | 'late';

export class ApiWeather {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: net.Server;
  readonly #port: number;
  readonly #clients = new Set<net.Socket>();
  /** What was sent on each connection of late weather. */
  readonly #kept: Buffer[][] = [];
  readonly #past: Weather[] = [];
  #now: Weather = 'clear';

  private constructor(server: net.Server, port: number, target: { host: string; port: number }) {
    this.#server = server.on('connection', (client: net.Socket) => this.#take(client));
    this.#port = port;
    this.#target = target;
  }

  static async over(endpoint: string): Promise<ApiWeather> {
    const { hostname, port } = new URL(endpoint);
    const server = net.createServer();
    await listening(server, 0);
    const address = server.address() as net.AddressInfo;
    return new ApiWeather(server, address.port, { host: hostname, port: Number(port) });
  }

  /** The API's, for a node. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The weather from now on until it is asked. */
  watch(): () => [Weather, ...Weather[]] {
    const first = this.#now;
    const { length } = this.#past;
    return () => [first, ...[...this.#past, this.#now].slice(length + 1)];
  }

  /** Settles when what was kept has been answered, so that nothing that is sent from now on comes before it. */
  async becomes(weather: Weather): Promise<void> {
    for (const client of this.#clients) client.destroy();
    if (weather === 'refused' && this.#now !== 'refused') await closed(this.#server);
    await Promise.all(this.#kept.splice(0).map((sent) => this.#deliver(sent)));
    if (weather !== 'refused' && this.#now === 'refused') await listening(this.#server, this.#port);
    this.#past.push(this.#now);
    this.#now = weather;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    if (this.#server.listening) await closed(this.#server);
  }

  #take(client: net.Socket): void {
    this.#clients.add(client);
    client.on('error', () => client.destroy()).once('close', () => this.#clients.delete(client));
    if (this.#now === 'clear') {
      const up = net.connect(this.#target);
      client.once('close', () => up.destroy());
      up.on('error', () => client.destroy()).pipe(client);
      client.pipe(up);
      return;
    }
    const sent: Buffer[] = [];
    if (this.#now === 'late') this.#kept.push(sent);
    client.on('data', (chunk: Buffer) => sent.push(chunk));
  }

  /** Settles when the API has begun to answer, or has closed the connection. */
  async #deliver(sent: readonly Buffer[]): Promise<void> {
    if (sent.length === 0) return;
    const up = net.connect(this.#target);
    await new Promise<void>((done) => {
      up.once('data', () => done())
        .once('error', () => done())
        .once('close', () => done());
      up.write(Buffer.concat(sent));
    });
    up.destroy();
  }
}

const listening = (server: net.Server, port: number): Promise<void> =>
  new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', () => done()));

const closed = (server: net.Server): Promise<unknown> => new Promise((done) => server.close(done));
