#!/usr/bin/env node
import process from 'node:process'
import { VibeTeaError } from '../../core/errors.ts'
import { processContext } from './command.ts'
import { run } from './program.ts'

const context = processContext()
const args = process.argv.slice(2)
// Everyone on the machine may read the list of processes: a key does not stay in it, where the system lets it go.
if (args.some((arg) => /^\s*vt1/i.test(arg))) process.title = 'vibetea'
try {
  process.exitCode = await run(args, context)
} catch (error) {
  if (!(error instanceof VibeTeaError)) throw error
  context.err(error.sentence)
  process.exitCode = 1
}
