import Corestore from 'corestore'
import { VibeTeaError } from '../../core/errors.ts'

/** Opens the Corestore in a directory, or makes it. Throws a `VibeTeaError`: see `storeError`. */
export async function openCorestore(directory: string): Promise<Corestore> {
  const store = new Corestore(directory)
  try {
    await store.ready()
    return store
  } catch (error) {
    await closeCorestore(store)
    throw storeError(error, directory)
  }
}

/** Closes a store, also where a log in it could not be opened, for which Corestore leaves its files open and locked. */
export async function closeCorestore(store: Corestore): Promise<void> {
  try {
    await store.close()
  } catch {
    await store.storage.close()
  }
}

/**
 * Why a store cannot be opened: `log_copied` where its files were copied, for two copies of one log that both grow
 * contradict each other; `log_unusable` otherwise.
 */
export function storeError(error: unknown, directory: string): VibeTeaError {
  if (error instanceof VibeTeaError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'code' in error && error.code === 'DEVICE_FILE') {
    return new VibeTeaError(
      'log_copied',
      `The log in ${directory} was copied from elsewhere; two copies of one log would contradict each other.`,
      'Move a home instead of copying it; for another machine begin with a home of its own, and `vibetea join`.',
      { cause: error },
    )
  }
  return new VibeTeaError(
    'log_unusable',
    `The log in ${directory} cannot be opened: ${message}.`,
    'Check that no other program uses it and that the disk has room.',
    { cause: error },
  )
}
