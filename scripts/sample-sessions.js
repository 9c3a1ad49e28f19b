// Writes made-up sessions of the last 30 days, those of the demo, into a home for each of its people:
// `npm run sample-sessions -- <directory>`.
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import process from 'node:process'
import { PEOPLE } from '../dist/node/demo/people.js'
import { Replay } from '../dist/node/demo/replay.js'
import { systemTimers } from '../dist/node/system-timers.js'

const [given] = process.argv.slice(2)
if (given === undefined) {
  process.stderr.write('Say where: npm run sample-sessions -- <directory>\n')
  process.exit(2)
}
const directory = resolve(given)
await Replay.prepare({
  directory,
  timers: systemTimers,
  random: randomBytes,
  speed: 1,
  historyDays: 30,
  utcOffset: -new Date().getTimezoneOffset(),
  sessionMs: 0,
  pid: process.pid,
  failed: (error) => {
    throw error
  },
})
const homes = PEOPLE.filter(({ isReader }) => !isReader).map(({ id }) => id)
process.stdout.write(`Made-up sessions of a month are in ${directory}, in homes of ${homes.join(', ')}.\n`)
