import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../support/directory.ts'
import { STACK, SUPABASE } from '../packages.ts'
import { Postgres } from '../postgres.ts'

const CLI = join(STACK, 'node_modules/@supabase/cli-linux-x64/bin/supabase')

/** What the CLI says of a database; throws all of it where it fails. */
function supabase(postgres: Postgres, ...args: string[]): string {
  const url = `postgres://postgres@127.0.0.1:${postgres.port}/postgres?sslmode=disable`
  const { status, stdout, stderr } = spawnSync(
    CLI,
    [...args, '--workdir', join(SUPABASE, '..'), '--db-url', url, '--yes'],
    { encoding: 'utf8', env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' } },
  )
  if (status !== 0) throw new Error(`supabase ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout + stderr
}

// The CLI takes seconds for each command.
test('the Supabase CLI applies the migrations, once, and its advisors find nothing', async () => {
  const directory = temporaryDirectory()
  const postgres = await Postgres.create({ directory, hasOldGrants: false, isDurable: false })
  try {
    expect(supabase(postgres, 'db', 'push')).toContain('20261120000000_events.sql')
    expect(supabase(postgres, 'db', 'push')).toContain('up to date')
    supabase(postgres, 'db', 'advisors', '--fail-on', 'warn')
    // They do look: a table that anybody may read is one of the things they find.
    await postgres.asSuperuser(async (sql) => {
      await sql.unsafe('create table public.open_to_all (id int); grant select on public.open_to_all to anon')
    })
    expect(() => supabase(postgres, 'db', 'advisors', '--fail-on', 'warn')).toThrow('open_to_all')
  } finally {
    await postgres.stop()
  }
}, 180_000)
