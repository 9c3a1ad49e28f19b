import { databaseOf } from '../_shared/environment.ts'
import { ingestHandler } from './handler.ts'

const secrets = (name: string) => Deno.env.get(name)

Deno.serve(
  ingestHandler({
    database: databaseOf(secrets),
    secrets,
    now: Date.now,
    log: (error) => console.error(error),
  }),
)
