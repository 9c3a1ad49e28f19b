import { HomeLock } from '../../../node/home/lock.ts'
import { VibeTeaError } from '../../../core/errors.ts'

/** A process of its own that takes a home when told to, says whether it has it, and holds it until it is killed. */
process.once('message', (home: string) => {
  HomeLock.acquire(home, { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '1' }).then(
    async (lock) => {
      await lock.update({ url: `http://127.0.0.1:${process.pid}` })
      process.send!('holds')
      // The lock lives as long as something refers to it.
      process.once('message', () => void lock.release().then(() => process.exit(0)))
    },
    (error: unknown) => process.send!(error instanceof VibeTeaError ? error.code : String(error)),
  )
})
process.send!('ready')
