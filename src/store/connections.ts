/**
 * Connections to PostgreSQL. A way there can be gone though nobody closed it, as behind a firewall that forgets connections or a proxy
 * that hangs: what waits for an answer would wait for ever. So a connection that has waited for seconds is looked up from a fresh one;
 * where the server works on nothing for it, both ends are closed, and what waited fails as if the server had gone. The server in turn
 * ends transactions that nobody goes on with, for they hold locks.
 */
import pg from 'pg';
import { isStalePlan } from '#src/store/database-error.ts';
import { createNaming } from '#src/store/prepared-statements.ts';

/** `backend`: the number of the server's process. */
export type Connection = pg.Client & { readonly backend: number };

export type PoolOptions = {
  /** What is sent again and again is prepared. */
  prepares?: boolean;
  /** Of the server, for each of these connections. */
  settings?: Readonly<Record<string, string>>;
};

export type Connections = {
  /** At most `max`, opened when they are needed. */
  openPool(max: number, options?: PoolOptions): pg.Pool;
  /** One of its own, for what stays: it is asked for a sign of life every few seconds. Throws when the server does not answer. */
  connect(name: string): Promise<Connection>;
  /** Ends the pools, and looks at nothing any more. */
  close(): Promise<void>;
};

const connectMs = 10_000;
/** So long an answer may take before anybody asks what became of it. */
const patienceMs = 3_000;
const lookMs = 1_000;
const signOfLifeMs = 5_000;
/** What a machine that vanished holds is free again after about ten seconds, less than a lease. */
const common = {
  tcp_keepalives_idle: '4',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  idle_in_transaction_session_timeout: '20s',
};

/** A goodbye that nobody answers is over after this. */
const goodbyeMs = 2_000;

type Watched = pg.Client & { backend?: number };

export function createConnections(url: string): Connections {
  const waiting = new Map<Watched, number>();
  const pools: pg.Pool[] = [];
  const kept = new Set<Watched>();

  /** Knows since when it waits for answers. */
  class Client extends pg.Client {
    private hasEnded = false;
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      this.on('error', () => {}); // 'end' follows, and what was running rejects with the same error
      this.on('drain', () => waiting.delete(this));
      this.once('end', () => {
        this.hasEnded = true;
        waiting.delete(this);
      });
    }
    override query(...call: never[]): never {
      if (!this.hasEnded && !waiting.has(this)) waiting.set(this, performance.now());
      return super.query(...(call as unknown as [string])) as never;
    }
    override end(...call: never[]): never {
      setTimeout(() => this.connection.stream.destroy(), goodbyeMs).unref();
      return super.end(...(call as [])) as never;
    }
  }

  const naming = createNaming();
  class PreparingClient extends Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      this.connection.on('errorMessage', (e) => isStalePlan(e) && naming.renew());
    }
    override query(...call: never[]): never {
      return super.query(...(naming.toNamed(call) as never[]));
    }
  }

  const look = async () => {
    const late = [...waiting].filter(([, since]) => performance.now() - since > patienceMs);
    if (late.length > 0) await closeDead(url, late, (client, since) => waiting.get(client) === since);
  };
  let isLooking = false;
  const looks = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(() => {}) // the server is away: whoever waits is told so when it is back
      .finally(() => {
        isLooking = false;
      });
  }, lookMs).unref();
  const signs = setInterval(() => {
    for (const client of kept) if (!waiting.has(client)) client.query('select 1').catch(() => {});
  }, signOfLifeMs).unref();

  return {
    openPool(max, { prepares = false, settings } = {}) {
      const config = { connectionString: url, max, connectionTimeoutMillis: connectMs, keepAlive: true };
      const pool = new pg.Pool({
        ...config,
        application_name: 'sentra',
        Client: prepares ? PreparingClient : Client,
        onConnect: (client) => setUp(client as Watched, settings),
      });
      pool.on('error', () => {}); // a dead server must not end this process
      pools.push(pool);
      return pool;
    },
    async connect(name) {
      const client: Watched = new Client({
        connectionString: url,
        connectionTimeoutMillis: connectMs,
        keepAlive: true,
        application_name: name,
      });
      await client.connect();
      kept.add(client);
      client.once('end', () => kept.delete(client));
      return Object.assign(client, { backend: await setUp(client) });
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      clearInterval(looks);
      clearInterval(signs);
    },
  };
}

/** A pooler between us and the server has numbers of its own, so the server itself is asked for its one. */
async function setUp(client: Watched, more: PoolOptions['settings'] = {}): Promise<number> {
  const all = { ...common, ...more };
  const set = Object.keys(all).map((name, i) => `set_config('${name}', $${i + 1}, false)`);
  const { rows } = await client.query(`select pg_backend_pid() as pid, ${set.join(', ')}`, Object.values(all));
  client.backend = rows[0].pid;
  return rows[0].pid;
}

/** `late`: connections, each with since when it waits. */
async function closeDead(
  url: string,
  late: readonly (readonly [Watched, number])[],
  stillWaits: (client: Watched, since: number) => boolean,
): Promise<void> {
  const limits = { connectionTimeoutMillis: connectMs, query_timeout: connectMs };
  const fresh = new pg.Client({ connectionString: url, application_name: 'sentra connections', ...limits });
  fresh.on('error', () => {}); // the query rejects with the same error
  try {
    await fresh.connect();
    const working = await listWorking(
      fresh,
      late.map(([{ backend }]) => backend ?? 0),
    );
    const dead = late
      .filter((one) => !working.has(one[0].backend ?? 0) && stillWaits(...one))
      .map(([client]) => client);
    for (const client of dead) client.end().catch(() => {});
    for (const { backend } of dead) if (backend) await fresh.query('select pg_terminate_backend($1)', [backend]);
  } finally {
    fresh.end().catch(() => {}); // it may be as dead as those that it asked about
  }
}

/** Those of the server's processes that work on something, or have only just ended it: its answer may be on the way. */
async function listWorking(fresh: pg.Client, backends: readonly number[]): Promise<Set<number>> {
  const { rows } = await fresh.query<{ pid: number }>(
    `select pid from pg_stat_activity where pid = any($1)
     and (state is null or state not like 'idle%' or state_change > clock_timestamp() - $2 * interval '1 millisecond')`,
    [backends, patienceMs],
  );
  return new Set(rows.map(({ pid }) => pid));
}
