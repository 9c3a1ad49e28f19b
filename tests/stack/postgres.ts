import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { freePort } from './free-port.ts'
import { POSTGRES, SUPABASE } from './packages.ts'
import { Program, run } from './program.ts'

/** The user that nobody is: PostgreSQL refuses to run as root. */
const NOBODY = 65534
const SUPERUSER = 'supabase_admin'

/**
 * Roles as a hosted project has them. `postgres`, who runs the migrations, is no superuser; PostgREST comes as
 * `authenticator` and becomes what the token says.
 */
const ROLES = `
  create role postgres login nosuperuser createdb createrole replication bypassrls;
  create role anon nologin noinherit;
  create role authenticated nologin noinherit;
  create role service_role nologin noinherit bypassrls;
  create role authenticator login noinherit;
  grant anon, authenticated, service_role to authenticator;
  alter role anon set statement_timeout = '3s';
  alter role authenticated set statement_timeout = '8s';
  alter role authenticator set statement_timeout = '8s';
  alter database postgres owner to postgres;
  grant all on schema public to postgres;
  grant usage on schema public to anon, authenticated, service_role;
`

/** Older projects give everyone all rights on what is made in `public`; newer ones give none. */
const OLD_GRANTS = ['tables', 'functions', 'sequences']
  .map(
    (kind) =>
      `alter default privileges for role postgres in schema public
         grant all on ${kind} to postgres, anon, authenticated, service_role;`,
  )
  .join('\n')

export interface PostgresOptions {
  /** An empty directory that exists. */
  directory: string
  /** Whether the project is one of those where the API's roles get rights on new tables by themselves. */
  hasOldGrants: boolean
  /** Whether what it has acknowledged survives a crash of the machine. */
  isDurable: boolean
}

/** A PostgreSQL server of its own on 127.0.0.1. */
export class Postgres {
  readonly port: number
  readonly #options: PostgresOptions
  readonly #home: string
  #server: Program | null = null

  private constructor(options: PostgresOptions, port: number) {
    this.#options = options
    this.#home = join(options.directory, 'data')
    this.port = port
  }

  /** Makes a server with a hosted project's roles and starts it. */
  static async create(options: PostgresOptions): Promise<Postgres> {
    const server = new Postgres(options, await freePort())
    await server.#initialize()
    await server.start()
    await server.asSuperuser(async (sql) => {
      await sql.unsafe(ROLES + (options.hasOldGrants ? OLD_GRANTS : ''))
    })
    return server
  }

  async #initialize(): Promise<void> {
    mkdirSync(this.#home)
    if (isRoot()) for (const path of [this.#options.directory, this.#home]) chownSync(path, NOBODY, NOBODY)
    const args = [
      '-D',
      this.#home,
      '-U',
      SUPERUSER,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-sync',
      '--no-instructions',
    ]
    await run(this.#binary('initdb'), [...args, '--locale=C'], this.#spawning())
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.port,
      unix_socket_directories: '',
      shared_buffers: '32MB',
      max_connections: 60,
      fsync: this.#options.isDurable ? 'on' : 'off',
      timezone: 'UTC',
    }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = new Program(
      'PostgreSQL',
      this.#binary('postgres'),
      ['-D', this.#home, ...args],
      this.#spawning(),
    )
    this.#server = server
    await server.until(() => server.said.includes('ready to accept connections') || null)
  }

  /** Runs what the Supabase CLI would: each migration once, in order, by a role that is no superuser. */
  async migrate(): Promise<void> {
    const folder = join(SUPABASE, 'migrations')
    await this.#as('postgres', async (sql) => {
      for (const name of readdirSync(folder).sort()) {
        await sql.unsafe(readFileSync(join(folder, name), 'utf8'))
      }
    })
  }

  /** For what a test does behind everyone's back. */
  asSuperuser<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#as(SUPERUSER, work)
  }

  /** Without a word to anybody, as a machine that loses its power. */
  async kill(): Promise<void> {
    await this.#server?.stop('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#server?.stop('SIGQUIT')
  }

  async #as<T>(user: string, work: (sql: Sql) => Promise<T>): Promise<T> {
    const place = { host: '127.0.0.1', port: this.port, user, database: 'postgres' }
    const sql = postgres({ ...place, max: 1, onnotice: () => undefined })
    try {
      return await work(sql)
    } finally {
      await sql.end()
    }
  }

  #spawning() {
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
    return isRoot() ? { env, uid: NOBODY, gid: NOBODY, cwd: this.#options.directory } : { env }
  }

  /** A program of the package, or of a copy where nobody may not go to the package. */
  #binary(name: string): string {
    const native = join(POSTGRES, 'native')
    if (!isRoot() || canGo(native)) return join(native, 'bin', name)
    const copy = join(this.#options.directory, 'native')
    if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    return join(copy, 'bin', name)
  }
}

const isRoot = () => process.getuid?.() === 0

/** Whether everyone may go into a directory. */
function canGo(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0
  return isOpen && (dirname(path) === path || canGo(dirname(path)))
}
