import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import { freePort } from './free-port.ts'
import { startFunction } from './edge-function.ts'
import { Gateway } from './gateway.ts'
import { JWT_SECRET, PUBLISHABLE_KEY, SECRET_KEY } from './keys.ts'
import { POSTGREST } from './packages.ts'
import { Postgres, type PostgresOptions } from './postgres.ts'
import { Program } from './program.ts'

export const SUBSCRIBER_TOKEN = 'subscriber-token'

export interface StackOptions {
  /** The functions' secrets; by default the token that `query` wants. */
  secrets?: Record<string, string>
  hasOldGrants?: boolean
  isDurable?: boolean
  /** Where it answers, on 127.0.0.1; by default any port. */
  port?: number
}

/** A project as Supabase hosts one, on this machine: PostgreSQL, PostgREST, the functions in Deno, a gateway. */
export class Stack {
  readonly postgres: Postgres
  readonly gateway: Gateway
  readonly #directory: string
  readonly #rest: Program
  readonly #functions: [ingest: Program, query: Program]

  private constructor(
    parts: { postgres: Postgres; gateway: Gateway; rest: Program; functions: [Program, Program] },
    directory: string,
  ) {
    this.postgres = parts.postgres
    this.gateway = parts.gateway
    this.#rest = parts.rest
    this.#functions = parts.functions
    this.#directory = directory
  }

  /** Boots one with the migrations applied. */
  static async start({
    secrets = {},
    hasOldGrants = false,
    isDurable = false,
    port = 0,
  }: StackOptions = {}): Promise<Stack> {
    const gateway = await Gateway.start(port)
    const directory = mkdtempSync(join(tmpdir(), 'vibetea-stack-'))
    const given = {
      SUPABASE_URL: gateway.url,
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
      VIBETEA_SUBSCRIBER_TOKEN: SUBSCRIBER_TOKEN,
      ...secrets,
    }
    // The functions need the database only when they are called.
    const starting = [
      startDatabase({ directory, hasOldGrants, isDurable }, gateway),
      startFunction('ingest', given, gateway),
      startFunction('query', given, gateway),
    ] as const
    try {
      const [{ postgres, rest }, ingest, query] = await Promise.all(starting)
      return new Stack({ postgres, gateway, rest, functions: [ingest, query] }, directory)
    } catch (error) {
      const [database, ...functions] = await Promise.allSettled(starting)
      if (database.status === 'fulfilled') await stopDatabase(database.value)
      for (const each of functions) if (each.status === 'fulfilled') await each.value.stop()
      await gateway.stop()
      removeDirectory(directory)
      throw error
    }
  }

  /** What `VIBETEA_SUPABASE_URL` would be. */
  get functionsUrl(): string {
    return `${this.gateway.url}/functions/v1`
  }

  /** A client of the project, by one of its keys. */
  client(key: typeof SECRET_KEY | typeof PUBLISHABLE_KEY): SupabaseClient {
    const auth = { persistSession: false, autoRefreshToken: false }
    // Without a WebSocket of its own Node 20 has to be given one, though nothing here opens it.
    return createClient(this.gateway.url, key, { auth, realtime: { transport: WebSocket } })
  }

  /** Where `ingest` runs. */
  get ingest(): Program {
    return this.#functions[0]
  }

  /** Where the functions run. */
  get functions(): readonly Program[] {
    return this.#functions
  }

  /** What the functions have logged. */
  get log(): string {
    return this.#functions.map(({ said }) => said).join('')
  }

  /** Forgets all events, records and bindings. */
  async empty(): Promise<void> {
    await this.postgres.asSuperuser(async (sql) => {
      await sql.unsafe('truncate public.events, vibetea.epoch_records, vibetea.source_bindings')
    })
  }

  async stop(): Promise<void> {
    await this.gateway.stop()
    await Promise.all(this.#functions.map((each) => each.stop()))
    await stopDatabase({ postgres: this.postgres, rest: this.#rest })
    removeDirectory(this.#directory)
  }
}

interface Database {
  postgres: Postgres
  rest: Program
}

async function startDatabase(options: PostgresOptions, gateway: Gateway): Promise<Database> {
  const postgres = await Postgres.create(options)
  try {
    await postgres.migrate()
    return { postgres, rest: await startRest(postgres.port, gateway) }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

async function stopDatabase({ postgres, rest }: Database): Promise<void> {
  await rest.stop()
  await postgres.stop()
}

const removeDirectory = (path: string) => rmSync(path, { recursive: true, force: true, maxRetries: 3 })

async function startRest(postgresPort: number, gateway: Gateway): Promise<Program> {
  const port = await freePort()
  const env = {
    PGRST_DB_URI: `postgres://authenticator@127.0.0.1:${postgresPort}/postgres`,
    PGRST_DB_SCHEMAS: 'public',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_DB_MAX_ROWS: '1000',
    PGRST_JWT_SECRET: JWT_SECRET,
    PGRST_SERVER_HOST: '127.0.0.1',
    PGRST_SERVER_PORT: String(port),
  }
  const program = new Program('PostgREST', POSTGREST, [], { env })
  const base = `http://127.0.0.1:${port}`
  await program.until(async () => {
    try {
      return (await fetch(base)).status === 200 ? base : null
    } catch {
      return null // it does not listen yet
    }
  })
  gateway.route('/rest/v1', base)
  return program
}
