import type { Database } from './sqlite.ts'

/** How the files of databases change with VibeTea's versions, and break. */

/** How many of the steps of `migrate` a file has had: its `user_version`. */
export async function versionOf(database: Database): Promise<number> {
  return (await database.get<{ user_version: number }>('PRAGMA user_version'))!.user_version
}

/** Does the steps that a file has not had, each once and whole. A step is never changed once it is released. */
export async function migrate(database: Database, steps: readonly string[]): Promise<void> {
  for (let version = await versionOf(database); version < steps.length; version++) {
    await database.transaction(() =>
      database.exec(`${steps[version]!}; PRAGMA user_version = ${version + 1}`),
    )
  }
}

/** Whether SQLite says that a file is not, or no longer, a database. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT'
}
