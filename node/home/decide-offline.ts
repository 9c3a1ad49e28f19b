import type { Holder } from './lock.ts'
import { HomeLock } from './lock.ts'
import { SharingDecisions } from './sharing.ts'

/**
 * Changes what is shared where no node runs. The home is held meanwhile, so that no node starts with what was decided
 * before. Throws `AlreadyRunningError` where one runs or is starting: that one is to be told then.
 */
export async function decideOffline(
  home: string,
  holder: Holder,
  decide: (decisions: SharingDecisions) => Promise<void>,
): Promise<void> {
  const lock = await HomeLock.acquire(home, holder)
  try {
    await decide(await SharingDecisions.open(home))
  } finally {
    await lock.release()
  }
}
