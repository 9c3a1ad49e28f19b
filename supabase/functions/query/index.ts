import { databaseOf } from '../_shared/environment.ts'
import { queryHandler } from './handler.ts'

const secrets = (name: string) => Deno.env.get(name)

Deno.serve(
  queryHandler({
    database: databaseOf(secrets),
    secrets,
    now: Date.now,
    log: (error) => console.error(error),
  }),
)
