import { VibeTeaError } from '../../core/errors.ts'

/** Does some work with a file; a `VibeTeaError` of it, which does not know the file, is thrown with the path in front. */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof VibeTeaError)) throw error
    throw new VibeTeaError(error.code, `${path}: ${error.message}`, error.remedy, { cause: error })
  }
}
