import { openDatabase, type Database } from './database.ts'
import { Refused } from './http.ts'

/** Reads a secret of the project; undefined where it is not set. */
export type Secrets = (name: string) => string | undefined

/** A secret that has to be set. Throws a `Refused` that names it, for whoever sets the archive up. */
export function required(secrets: Secrets, name: string): string {
  const value = secrets(name)?.trim()
  if (!value) throw new Refused('internal_error', `The archive is not set up: ${name} has no value.`)
  return value
}

/** The database of the project that runs the function: hosted functions are told of both. */
export function databaseOf(secrets: Secrets): Database {
  return openDatabase(required(secrets, 'SUPABASE_URL'), serviceKey(secrets))
}

/** Newer projects have a dictionary of keys by name, older ones a JWT. */
function serviceKey(secrets: Secrets): string {
  const keys = secrets('SUPABASE_SECRET_KEYS')
  const named = keys ? (JSON.parse(keys) as Record<string, string>) : {}
  const key = named.default ?? Object.values(named)[0]
  return key ?? required(secrets, 'SUPABASE_SERVICE_ROLE_KEY')
}
